// SPDX-License-Identifier: Apache-2.0

#include "actors/exporter/actors_page.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <string_view>
#include <unordered_map>
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

std::string seconds(uint64_t ns) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.1f s", static_cast<double>(ns) / 1e9);
  return text.data();
}

std::string state_text(const actor_row& x) {
  switch (x.state) {
    case actor_state::no_answer:
      return "no answer for " + seconds(x.gauge.waiting_ns);
    case actor_state::blocked:
      return "waits for " + seconds(x.gauge.waiting_ns);
    default:
      return to_string(x.state);
  }
}

std::string credit_text(const gauge_reading& x) {
  return x.credit_granted == 0
             ? "-"
             : std::to_string(x.credit_used) + "/" + std::to_string(x.credit_granted);
}

const std::vector<std::string> actor_header{"ACTOR",  "STATE",    "MAILBOX", "MESSAGES", "BATCHES",
                                            "CREDIT", "RESTARTS", "LAST",    "AGE"};

std::vector<std::string> actor_line(std::string name, const actor_row& x) {
  const auto& gauge = x.gauge;
  const bool none = gauge.last_message.empty();
  return {std::move(name),
          state_text(x),
          std::to_string(gauge.mailbox),
          std::to_string(gauge.messages),
          std::to_string(gauge.batches),
          credit_text(gauge),
          std::to_string(x.restarts),
          none ? "-" : gauge.last_message,
          none ? "-" : seconds(gauge.last_message_age_ns)};
}

table actor_rows(const board_reading& board) {
  table rows{actor_header};
  for (const auto& x : board.actors)
    rows.push_back(
        actor_line(x.gauge.label.empty() ? x.actor : x.actor + " " + printable(x.gauge.label), x));
  rows.push_back(
      actor_line("containers (" + std::to_string(board.containers) + ")", board.all_containers));
  return rows;
}

table busiest_rows(const board_reading& board) {
  table rows{actor_header};
  rows.front().front() = "CONTAINER";
  for (const auto& x : board.busiest)
    rows.push_back(
        actor_line(std::to_string(x.container) + " "
                       + (x.gauge.label.empty() ? "(no name yet)" : printable(x.gauge.label)),
                   x));
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

/// What those in the table above it hold.
table content_rows(const board_reading& board, const scrape_result& result) {
  std::unordered_map<container_key, const container_snapshot*> by_key;
  for (const auto& x : result.containers)
    by_key.emplace(x->key, x.get());
  table rows{{"KEY", "CONTAINER", "PROCESSES", "EVENTS", "DROPPED", "DESTINATIONS", "PEERS"}};
  for (const auto& shown : board.busiest) {
    const auto found = by_key.find(shown.container);
    if (found == by_key.end())
      continue;
    const auto& x = *found->second;
    rows.push_back(
        {std::to_string(x.key), x.exported ? printable(x.identity.container_id) : "(no name yet)",
         std::to_string(x.processes), std::to_string(x.events), std::to_string(x.events_dropped),
         std::to_string(x.outbound.size()), std::to_string(x.inbound.size())});
  }
  return rows;
}

void append_gathered(std::string& out, const board_reading& board, const scrape_result& result) {
  append_table(out, feature_rows(result.reader));
  append_table(out, runtime_rows(result.runtimes));
  append_table(
      out, {{"CGROUP ROUTES", "IGNORED CGROUPS", "CONTAINERS", "STALE"},
            {std::to_string(result.reader.routes), std::to_string(result.reader.ignored),
             std::to_string(result.containers.size()), std::to_string(result.stale_containers)}});
  append_table(out, content_rows(board, result));
}

} // namespace

std::string render_actors_text(const board_reading& board, const scrape_result* result) {
  std::string out = result == nullptr      ? "the exporter does not answer: the actors only\n\n"
                    : result->troupe.ready ? "ready\n\n"
                                           : "not ready\n\n";
  append_table(out, actor_rows(board));
  append_table(out, busiest_rows(board));
  if (board.busiest.size() < board.containers)
    out += "of " + std::to_string(board.containers) + " containers; ?containers=all shows up to "
           + std::to_string(all_containers_max) + "\n\n";
  if (result != nullptr)
    append_gathered(out, board, *result);
  return out;
}

} // namespace troupe
