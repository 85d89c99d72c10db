// SPDX-License-Identifier: Apache-2.0
#include "actors/console/loss_report.hpp"

#include "actors/console/table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace troupe {

namespace {

/// What a person can do about a cause.
std::string_view advice(std::string_view reason) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 11> known{{
      {"ring_full", "raise --ring-bytes"},
      {"ring_share", "raise --ring-bytes"},
      {"map_full", "free memory: the kernel had none for a socket's state"},
      {"owner_unknown", "the process was older than the trace, or gone already"},
      {"undecided", "the agent has too little CPU time for what is said on new connections"},
      {"no_credit", "raise --credit-batches or --pending-bytes-max"},
      {"slow_console", "narrow with -c, or write to a file"},
      {"stuck", "at least; nobody reads stdout"},
      {"stopped_answering", "at least; see 'troupe doctor'"},
      {"no_name", "its runtime did not answer; see 'troupe doctor'"},
      {"restarted", "a part of the agent failed; see the log above"},
  }};
  for (const auto& [name, text] : known)
    if (name == reason)
      return text;
  return "";
}

/// Whether a trace of this kind shows less for want of such an event.
bool is_missed(trace_kind kind, std::string_view event) {
  switch (kind) {
    case trace_kind::exec:
      return event == "process_executed";
    case trace_kind::tcp: // A lost reading of a live connection is made good by the next one.
      return event.starts_with("tcp_") && event != "tcp_progress";
    case trace_kind::l7:
    case trace_kind::dns:
      return event == "l7_chunk";
    case trace_kind::exit:
    case trace_kind::oom:
      break;
  }
  // Without its exec a process passes for one of the runtime's helpers, which are not shown.
  return event == "process_exited" || event == "process_executed";
}

bool same_cause(const loss_count& a, const loss_count& b) {
  return a.stage == b.stage && a.reason == b.reason && a.kind == b.kind;
}

} // namespace

std::vector<loss_count> losses_of(trace_kind kind, const std::vector<loss_count>& all) {
  std::vector<loss_count> result;
  for (const auto& loss : all) {
    if (loss.count > 0 && is_missed(kind, loss.kind))
      result.push_back(loss);
  }
  return result;
}

std::vector<loss_count> losses_of_life(const std::vector<loss_count>& all) {
  std::vector<loss_count> result;
  for (const auto& loss : all)
    if (loss.count > 0 && (loss.kind.starts_with("process_") || loss.kind.starts_with("cgroup_")))
      result.push_back(loss);
  return result;
}

std::vector<loss_count> losses_of_flows(const std::vector<loss_count>& all) {
  auto result = losses_of(trace_kind::tcp, all);
  const auto requests = losses_of(trace_kind::l7, all);
  result.insert(result.end(), requests.begin(), requests.end());
  return result;
}

std::vector<loss_count> losses_since(const std::vector<loss_count>& before,
                                     const std::vector<loss_count>& now) {
  std::vector<loss_count> result;
  for (auto loss : now) {
    const auto old = std::find_if(before.begin(), before.end(),
                                  [&](const loss_count& x) { return same_cause(x, loss); });
    // A reader that was started anew counts from zero.
    if (old != before.end() && old->count <= loss.count)
      loss.count -= old->count;
    if (loss.count > 0)
      result.push_back(std::move(loss));
  }
  return result;
}

std::string describe_losses(const std::vector<loss_count>& losses) {
  if (losses.empty())
    return {};
  uint64_t sum = 0;
  table rows{{{"", true}, {""}, {""}, {""}, {""}}};
  for (const auto& loss : losses) {
    sum += loss.count;
    const auto hint = advice(loss.reason);
    rows.add({std::to_string(loss.count), loss.stage, loss.reason, loss.kind,
              hint.empty() ? "" : fmt::format("({})", hint)});
  }
  return fmt::format("{} event{} lost:\n", sum, sum == 1 ? " was" : "s were")
         + rows.render(std::nullopt, false);
}

} // namespace troupe
