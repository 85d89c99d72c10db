// SPDX-License-Identifier: Apache-2.0
#include "actors/console/list_fields.hpp"

#include "actors/console/row_output.hpp"
#include "actors/console/selector.hpp"
#include "actors/console/time_format.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

namespace troupe {

namespace {

const container_metadata& metadata_of(const list_row& x) {
  return x.metadata;
}
const container_metadata& metadata_of(const change_row& x) {
  return x.container.metadata;
}
const container_identity& identity_of(const list_row& x) {
  return x.identity;
}
const container_identity& identity_of(const change_row& x) {
  return x.container.identity;
}

field_value optional_time(int64_t unix_ns) {
  return unix_ns == 0 ? field_value{} : field_value{rfc3339(unix_ns)};
}

field_value optional_text(std::string_view text) {
  return text.empty() ? field_value{} : field_value{std::string{text}};
}

std::string age_since(int64_t unix_ns) {
  const auto now = unix_now_ns();
  if (unix_ns == 0)
    return "-";
  const auto seconds = unix_ns < now ? static_cast<uint64_t>(now - unix_ns) / 1'000'000'000 : 0;
  return seconds == 0 ? "0s" : duration_text(seconds * 1'000'000'000);
}

/// "exited (137)", "exited (oom)": the state that an eye wants.
std::string state_text(const container_metadata& x) {
  std::string text{to_string(x.state)};
  if (x.state != container_state::exited)
    return text;
  if (x.oom_killed)
    return text + " (oom)";
  return x.exit_code ? text + " (" + std::to_string(*x.exit_code) + ")" : text;
}

std::string shortened(const std::string& id, size_t digits) {
  if (id.empty())
    return "-";
  const bool hex = id.find_first_not_of("0123456789abcdef") == std::string::npos;
  return hex && id.size() > digits ? id.substr(0, digits) : id;
}

/// "sha256:" and 12 digits.
std::string short_digest(const std::string& digest) {
  return digest.empty() ? "-" : digest.substr(0, digest.find(':') + 1 + 12);
}

template <class Row>
std::vector<field<Row>> identity_fields() {
  return {
      {{"container_id", "CONTAINER", 24, false, shown::everywhere, "as in metrics: /docker/web"},
       [](const Row& x) -> field_value {
         return identity_of(x).container_id;
       }},
      {{"name", "NAME", 16, false, shown::structured, "as the runtime says"},
       [](const Row& x) -> field_value {
         return metadata_of(x).name;
       }},
      {{"namespace", "NAMESPACE", 12, false, shown::structured, "of Kubernetes or containerd"},
       [](const Row& x) -> field_value {
         return optional_text(scope_of(identity_of(x), metadata_of(x)).name_space);
       }},
      {{"pod", "POD", 24, false, shown::structured, "of Kubernetes or podman"},
       [](const Row& x) -> field_value {
         return optional_text(scope_of(identity_of(x), metadata_of(x)).pod);
       }},
      {{"runtime", "RUNTIME", 10, false, shown::everywhere, "docker, containerd, ...", 6},
       [](const Row& x) -> field_value {
         return std::string{to_string(metadata_of(x).runtime)};
       }},
      {{"runtime_id", "ID", 12, false, shown::everywhere, "the runtime's id", 8},
       [](const Row& x) -> field_value { return metadata_of(x).id; },
       [](const Row& x) {
         return shortened(metadata_of(x).id, 12);
       }},
  };
}

template <class Row>
std::vector<field<Row>> state_fields() {
  return {
      {{"state", "STATE", 12, false, shown::everywhere,
        "created, running, paused, exited, unknown"},
       [](const Row& x) -> field_value { return std::string{to_string(metadata_of(x).state)}; },
       [](const Row& x) {
         return state_text(metadata_of(x));
       }},
      {{"pid", "PID", 7, true, shown::everywhere, "of the init process, on the host; 0: none", 7},
       [](const Row& x) -> field_value { return uint64_t{metadata_of(x).pid}; },
       [](const Row& x) {
         return metadata_of(x).pid == 0 ? "-" : std::to_string(metadata_of(x).pid);
       }},
      {{"created", "CREATED", 8, true, shown::wide, "RFC 3339; null: unknown", 9},
       [](const Row& x) { return optional_time(metadata_of(x).created_ns); },
       [](const Row& x) {
         return age_since(metadata_of(x).created_ns);
       }},
      {{"started", "STARTED", 8, true, shown::everywhere, "RFC 3339; null: never", 5},
       [](const Row& x) { return optional_time(metadata_of(x).started_ns); },
       [](const Row& x) {
         return age_since(metadata_of(x).started_ns);
       }},
      {{"finished", "FINISHED", 8, true, shown::wide, "RFC 3339; null: not yet", 9},
       [](const Row& x) { return optional_time(metadata_of(x).finished_ns); },
       [](const Row& x) {
         return age_since(metadata_of(x).finished_ns);
       }},
      {{"exit_code", "CODE", 4, true, shown::structured, "null: has not exited"},
       [](const Row& x) {
         const auto& code = metadata_of(x).exit_code;
         return code ? field_value{int64_t{*code}} : field_value{};
       }},
      {{"oom_killed", "OOM", 3, false, shown::structured, "the kernel's OOM killer ended it"},
       [](const Row& x) -> field_value {
         return metadata_of(x).oom_killed;
       }},
      {{"health", "HEALTH", 9, false, shown::wide,
        "healthy, unhealthy, starting; null: not checked", 9},
       [](const Row& x) {
         return optional_text(metadata_of(x).health);
       }},
      {{"restarts", "RESTARTS", 8, true, shown::wide, "as the runtime counts them", 9},
       [](const Row& x) -> field_value {
         return uint64_t{metadata_of(x).restarts};
       }},
  };
}

template <class Row>
std::vector<field<Row>> image_fields() {
  return {
      {{"image", "IMAGE", 24, false, shown::everywhere, "as the container was made from", 4},
       [](const Row& x) -> field_value {
         return metadata_of(x).image;
       }},
      {{"image_digest", "DIGEST", 19, false, shown::wide, "sha256:...; empty: unknown", 10},
       [](const Row& x) -> field_value { return metadata_of(x).image_digest; },
       [](const Row& x) {
         return short_digest(metadata_of(x).image_digest);
       }},
      {{"labels", "LABELS", 24, false, shown::structured, "keys and values"},
       [](const Row& x) -> field_value {
         return metadata_of(x).labels;
       }},
  };
}

template <class Row>
void append_container_fields(std::vector<field<Row>>& all) {
  for (auto make : {identity_fields<Row>, state_fields<Row>, image_fields<Row>})
    for (const auto& x : make())
      all.push_back(x);
}

std::vector<field<change_row>> make_change_fields() {
  std::vector<field<change_row>> all{
      {{"time", "TIME", 12, false, shown::everywhere, "when it was noticed (RFC 3339, UTC, ns)", 3},
       [](const change_row& x) -> field_value { return rfc3339(x.unix_time_ns); },
       [](const change_row& x) {
         return local_time_of_day(x.unix_time_ns);
       }},
      {{"event", "EVENT", 8, false, shown::everywhere,
        "created, running, paused, exited, renamed, changed, removed"},
       [](const change_row& x) -> field_value {
         return std::string{x.change};
       }},
  };
  append_container_fields(all);
  return all;
}

/// The runtime and its id: a name may pass from one container to another.
using row_key = std::array<std::string_view, 3>;

std::map<row_key, const list_row*> by_key(const std::vector<list_row>& rows) {
  std::map<row_key, const list_row*> index;
  for (const auto& row : rows)
    index.emplace(
        row_key{to_string(row.metadata.runtime), row.metadata.name_space, row.metadata.id}, &row);
  return index;
}

} // namespace

const std::vector<field<list_row>>& list_fields() {
  static const auto all = [] {
    std::vector<field<list_row>> fields;
    append_container_fields(fields);
    return fields;
  }();
  return all;
}

const std::vector<field<change_row>>& change_fields() {
  static const auto all = make_change_fields();
  return all;
}

std::string render_list(const std::vector<list_row>& rows, const output_options& output,
                        std::optional<unsigned> terminal) {
  return render_rows(list_fields(), rows, output, terminal);
}

std::optional<list_change> change_between(const std::optional<list_row>& before,
                                          const list_row& after) {
  if (!before || before->metadata.state != after.metadata.state)
    return list_change{std::string{to_string(after.metadata.state)}, after};
  if (before->identity.container_id != after.identity.container_id)
    return list_change{"renamed", after};
  if (before->metadata != after.metadata || before->identity != after.identity)
    return list_change{"changed", after};
  return std::nullopt;
}

std::vector<list_change> changes_between(const std::vector<list_row>& before,
                                         const std::vector<list_row>& after) {
  const auto old_rows = by_key(before);
  const auto new_rows = by_key(after);
  std::vector<list_change> changes;
  for (const auto& [key, row] : old_rows)
    if (!new_rows.contains(key))
      changes.push_back({"removed", *row});
  for (const auto& [key, row] : new_rows) {
    const auto old = old_rows.find(key);
    const auto known = old == old_rows.end() ? std::nullopt : std::optional{*old->second};
    if (auto change = change_between(known, *row))
      changes.push_back(std::move(*change));
  }
  return changes;
}

} // namespace troupe
