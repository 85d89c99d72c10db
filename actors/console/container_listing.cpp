// SPDX-License-Identifier: Apache-2.0
#include "actors/console/container_listing.hpp"

#include "actors/console/escape.hpp"
#include "actors/console/process_cgroups.hpp"
#include "actors/host/boot_clock.hpp"
#include "actors/host/process_list.hpp"
#include "actors/registry/container_id.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace troupe {

namespace {

bool runs_in(const list_row& row, const selector& scope, const std::vector<std::string>& pid_ids) {
  if (scope.pids.empty())
    return true;
  const bool named = std::find(pid_ids.begin(), pid_ids.end(), row.metadata.id) != pid_ids.end();
  return named || (row.metadata.pid != 0 && scope.matches_pid(row.metadata.pid));
}

/// Its socket was named, so its absence is news.
bool was_asked_for(const runtime_endpoint& endpoint, const settings& config) {
  switch (endpoint.kind) {
    case runtime_kind::docker:
      return !config.docker_sockets.empty();
    case runtime_kind::containerd:
      return !config.containerd_sockets.empty();
    case runtime_kind::crio:
      return !config.cri_sockets.empty();
    case runtime_kind::podman:
      return !config.podman_sockets.empty();
    default:
      return false;
  }
}

/// A unit's name, or the path of its cgroup.
bool names_unit(std::string_view wanted) {
  constexpr std::array<std::string_view, 3> suffixes{".service", ".slice", ".scope"};
  return std::any_of(suffixes.begin(), suffixes.end(), [&](std::string_view suffix) {
    return wanted.find(suffix) != std::string_view::npos;
  });
}

} // namespace

bool is_hidden(const container_metadata& metadata) {
  return metadata.sandbox && !holds_whole_pod(metadata);
}

list_row row_of(const container_metadata& metadata) {
  cgroup_identity cgroup;
  cgroup.kind = cgroup_kind::container;
  cgroup.runtime = metadata.runtime;
  cgroup.id = metadata.id;
  return {identify(cgroup, metadata), metadata};
}

void add_start_time(container_metadata& metadata, const std::string& host_root) {
  if (metadata.pid == 0 || metadata.started_ns != 0)
    return;
  if (const auto process = read_process(host_root, metadata.pid, {}))
    metadata.started_ns = to_unix_ns(process->id.start_boottime_ns);
}

bool is_shown_by_default(container_state state) {
  return state != container_state::created && state != container_state::exited;
}

cgroup_container_choice choice_of(const selector& scope, bool services) {
  const auto any = [](const std::vector<std::string>& values, auto condition) {
    return std::any_of(values.begin(), values.end(), condition);
  };
  const bool wanted =
      services || any(scope.containers, names_unit) || any(scope.runtimes, [](std::string_view x) {
        return x == to_string(runtime_kind::systemd) || x == to_string(runtime_kind::talos);
      });
  return {wanted, wanted};
}

std::vector<list_row> rows_of(const runtime_listing& listing) {
  std::vector<list_row> rows;
  for (const auto& metadata : listing.containers)
    if (!is_hidden(metadata))
      rows.push_back(row_of(metadata));
  std::stable_sort(rows.begin(), rows.end(), [](const list_row& a, const list_row& b) {
    return a.identity.container_id < b.identity.container_id;
  });
  return rows;
}

bool is_in_scope(const list_row& row, const selector& scope,
                 const std::vector<std::string>& pid_ids) {
  return scope.matches(scope_of(row.identity, row.metadata)) && runs_in(row, scope, pid_ids);
}

std::vector<std::string> ids_of_pids(const selector& scope, const std::string& host_root) {
  std::vector<std::string> ids;
  for (const auto pid : scope.pids)
    for (auto& id : container_ids_of(host_root, pid))
      ids.push_back(std::move(id));
  return ids;
}

std::vector<list_row> rows_in_scope(const std::vector<list_row>& rows, const selector& scope,
                                    bool all, const std::vector<std::string>& pid_ids) {
  std::vector<list_row> result;
  for (const auto& row : rows)
    if ((all || is_shown_by_default(row.metadata.state)) && is_in_scope(row, scope, pid_ids))
      result.push_back(row);
  return result;
}

std::vector<std::string> describe_silent(const std::vector<runtime_status>& endpoints,
                                         const settings& config) {
  std::vector<std::string> lines;
  for (const auto& x : endpoints) {
    if (x.answering || x.error == ec::none || (!x.present && !was_asked_for(x.endpoint, config)))
      continue;
    auto line = x.message.empty() ? fmt::format("{} at {} does not answer",
                                                to_string(x.endpoint.kind), x.endpoint.socket)
                                  : x.message;
    lines.push_back(escape_for_terminal(line));
  }
  return lines;
}

bool any_answered(const std::vector<runtime_status>& endpoints) {
  return std::any_of(endpoints.begin(), endpoints.end(), [](const runtime_status& x) {
    return x.answering && x.endpoint.kind != runtime_kind::unknown
           && x.endpoint.kind != runtime_kind::systemd;
  });
}

} // namespace troupe
