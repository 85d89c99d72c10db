// SPDX-License-Identifier: Apache-2.0

#include "actors/exporter/metrics_page.hpp"

#include <algorithm>
#include <string_view>
#include <vector>

namespace troupe {

namespace {

using table = std::vector<std::vector<std::string>>;

/// What comes from outside may hold anything: a terminal shows this page.
std::string printable(std::string_view text) {
  std::string out{text};
  std::replace_if(
      out.begin(), out.end(), [](unsigned char c) { return c < 0x20 || c >= 0x7f; }, '?');
  return out;
}

void append_table(std::string& out, const table& rows) {
  std::vector<size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (size_t i = 0; i < row.size(); ++i)
      widths[i] = std::max(widths[i], row[i].size());
  }
  for (const auto& row : rows) {
    for (size_t i = 0; i < row.size(); ++i) {
      out += row[i];
      if (i + 1 < row.size())
        out.append(widths[i] - row[i].size() + 2, ' ');
    }
    out += '\n';
  }
  out += '\n';
}

table actor_rows(const troupe_status& troupe) {
  table rows{{"ACTOR", "RESTARTS", "MAILBOX"}};
  for (const auto& x : troupe.actors)
    rows.push_back({x.actor, std::to_string(x.restarts),
                    x.mailbox_known ? std::to_string(x.mailbox_messages) : "-"});
  return rows;
}

table feature_rows(const reader_status& reader) {
  table rows{{"FEATURE", "STATE", "REASON"}};
  for (const auto& x : reader.features)
    rows.push_back({x.feature, x.enabled ? "on" : "off", printable(x.reason)});
  return rows;
}

table runtime_rows(const std::vector<runtime_status>& runtimes) {
  table rows{{"RUNTIME", "SOCKET", "STATE", "MESSAGE"}};
  for (const auto& x : runtimes)
    rows.push_back({std::string{to_string(x.endpoint.kind)}, printable(x.endpoint.socket),
                    !x.present    ? "absent"
                    : x.answering ? "answering"
                                  : "silent",
                    printable(x.message)});
  return rows;
}

table container_rows(const std::vector<container_snapshot_ptr>& containers) {
  table rows{{"KEY", "CONTAINER", "PROCESSES", "EVENTS", "DROPPED", "DESTINATIONS", "PEERS"}};
  auto sorted = containers;
  std::sort(sorted.begin(), sorted.end(),
            [](const auto& a, const auto& b) { return a->key < b->key; });
  for (const auto& x : sorted)
    rows.push_back({std::to_string(x->key),
                    x->exported ? printable(x->identity.container_id) : "(no name yet)",
                    std::to_string(x->processes), std::to_string(x->events),
                    std::to_string(x->events_dropped), std::to_string(x->outbound.size()),
                    std::to_string(x->inbound.size())});
  return rows;
}

} // namespace

std::string render_actor_table(const scrape_result& result) {
  std::string out = result.troupe.ready ? "ready\n\n" : "not ready\n\n";
  append_table(out, actor_rows(result.troupe));
  append_table(out, feature_rows(result.reader));
  append_table(out, runtime_rows(result.runtimes));
  append_table(
      out, {{"CGROUP ROUTES", "IGNORED CGROUPS", "CONTAINERS", "STALE"},
            {std::to_string(result.reader.routes), std::to_string(result.reader.ignored),
             std::to_string(result.containers.size()), std::to_string(result.stale_containers)}});
  append_table(out, container_rows(result.containers));
  return out;
}

} // namespace troupe
