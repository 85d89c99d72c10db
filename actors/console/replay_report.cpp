// SPDX-License-Identifier: Apache-2.0
#include "actors/console/replay_report.hpp"

#include "actors/console/record_writer.hpp"
#include "actors/console/table.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace troupe {

namespace {

/// The sums that a person compares with what should have been.
struct replayed_container {
  std::string name;
  uint64_t events = 0;
  uint64_t processes = 0;
  uint64_t connects = 0;
  uint64_t failed_connects = 0;
  uint64_t accepts = 0;
  uint64_t bytes_sent = 0;
  uint64_t bytes_received = 0;
  uint64_t oom_kills = 0;
  uint64_t restarts = 0;
};

replayed_container sums_of(const container_snapshot& x) {
  replayed_container sum;
  // One that has no name yet goes by its runtime's id, or by its number.
  sum.name = !x.identity.container_id.empty() ? x.identity.container_id
             : !x.metadata.id.empty()         ? x.metadata.id
                                              : fmt::format("~{}", x.key);
  sum.events = x.events;
  sum.processes = x.processes;
  sum.oom_kills = x.oom_kills;
  sum.restarts = x.restarts;
  for (const auto& to : x.outbound) {
    sum.connects += to.successful_connects;
    sum.failed_connects += to.failed_connects;
    sum.bytes_sent += to.bytes_sent;
    sum.bytes_received += to.bytes_received;
  }
  for (const auto& from : x.inbound) {
    sum.accepts += from.connects;
    sum.bytes_sent += from.bytes_sent;
    sum.bytes_received += from.bytes_received;
  }
  return sum;
}

std::vector<replayed_container> sums_of(const replay_report& report) {
  std::vector<replayed_container> sums;
  for (const auto& x : report.containers)
    sums.push_back(sums_of(*x));
  std::sort(sums.begin(), sums.end(), [](const replayed_container& a, const replayed_container& b) {
    return a.name < b.name;
  });
  return sums;
}

record record_of(const replayed_container& x) {
  return {{"container_id", "events", "processes", "connects", "failed_connects", "accepts",
           "bytes_sent", "bytes_received", "oom_kills", "restarts"},
          {x.name, x.events, x.processes, x.connects, x.failed_connects, x.accepts, x.bytes_sent,
           x.bytes_received, x.oom_kills, x.restarts}};
}

std::vector<section> sections_of(const replay_report& report) {
  section kinds{"kinds", {}, {}, true};
  for (const auto& x : report.kinds)
    if (x.count > 0)
      kinds.rows.push_back({{"kind", "records"}, {x.kind, x.count}});
  section losses{"losses", {}, {}, true};
  for (const auto& x : report.losses)
    losses.rows.push_back(
        {{"stage", "reason", "kind", "count"}, {x.stage, x.reason, x.kind, x.count}});
  section containers{"containers", {}, {}, true};
  for (const auto& x : sums_of(report))
    containers.rows.push_back(record_of(x));
  const auto duration_ns = static_cast<uint64_t>(report.seconds * 1e9);
  return {{"records", {}, report.records, false},
          {"duration_ns", {}, duration_ns, false},
          std::move(kinds),
          std::move(losses),
          std::move(containers)};
}

std::string columns_of(const replay_report& report, bool headers,
                       std::optional<unsigned> terminal) {
  table kinds{{{"KIND"}, {"RECORDS", true}}};
  for (const auto& x : report.kinds)
    if (x.count > 0)
      kinds.add({x.kind, std::to_string(x.count)});
  table containers{{{"CONTAINER"},
                    {"EVENTS", true},
                    {"PROCESSES", true},
                    {"CONNECTS", true},
                    {"FAILED", true},
                    {"ACCEPTS", true},
                    {"SENT", true},
                    {"RECEIVED", true},
                    {"OOM", true},
                    {"RESTARTS", true}}};
  for (const auto& x : sums_of(report)) {
    std::vector<std::string> cells;
    for (const auto& value : record_of(x).values)
      cells.push_back(column_text(value));
    containers.add(std::move(cells));
  }
  return kinds.render(terminal, headers) + "\n" + containers.render(terminal, headers);
}

} // namespace

std::string render_replay(const replay_report& report, output_format format, bool headers,
                          std::optional<unsigned> terminal) {
  switch (format) {
    case output_format::json:
      return json_sections(sections_of(report));
    case output_format::yaml:
      return yaml_sections(sections_of(report));
    case output_format::columns:
      break;
    case output_format::wide:
      return columns_of(report, headers, std::nullopt);
  }
  return columns_of(report, headers, terminal);
}

} // namespace troupe
