// SPDX-License-Identifier: Apache-2.0
// Uses CAF: it asks the actors of a run.

#include "actors/console/stream_end.hpp"

#include "actors/console/loss_report.hpp"

#include <algorithm>
#include <utility>

namespace troupe {

namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

/// For what happened before the end and is still on its way.
constexpr milliseconds settling_time{700};
constexpr milliseconds quiet_time{60};
/// A container that was made just before the end is waited for a little longer: its runtime
/// answers.
constexpr milliseconds last_naming_time{2'500};
constexpr milliseconds poll_interval{20};

} // namespace

std::vector<container_scope> scopes_of(const std::vector<container_snapshot_ptr>& snapshots) {
  std::vector<container_scope> scopes;
  for (const auto& x : snapshots)
    if (x->exported)
      scopes.push_back(scope_of(x->identity, x->metadata));
  return scopes;
}

size_t count_matching(const selector& scope, const std::vector<container_scope>& present) {
  return static_cast<size_t>(std::count_if(
      present.begin(), present.end(), [&](const container_scope& x) { return scope.matches(x); }));
}

stream_end::stream_end(troupe_run& run, const stop_signals& stop, const selector& scope,
                       milliseconds drain_interval, std::string_view kind, loss_filter filter)
    : run_(run),
      stop_(stop),
      scope_(scope),
      drain_interval_(drain_interval),
      kind_(kind),
      filter_(std::move(filter)) {}

void stream_end::begins() {
  if (const auto reader = run_.reader())
    losses_before_ = reader->losses;
}

stream_end::held_events stream_end::held() {
  held_events sum;
  const auto registry = run_.registry();
  const bool names_to_come = !registry || registry->unnamed > 0;
  for (const auto& x : run_.snapshots())
    if (!x->exported)
      (names_to_come ? sum.unnamed : sum.nobodys) += x->traces_waiting;
    else if (scope_.matches(scope_of(x->identity, x->metadata)))
      sum.unprinted += x->traces_waiting;
  return sum;
}

void stream_end::settle() {
  const auto begin = steady_clock::now();
  auto quiet_since = begin;
  uint64_t seen = 0;
  while (!run_.failure()) {
    const auto status = run_.console();
    const auto handled = status ? status->shown + status->filtered : 0;
    const auto waiting = held();
    if (handled != seen || waiting.unnamed + waiting.unprinted > 0)
      quiet_since = steady_clock::now();
    if (steady_clock::now() - begin > (waiting.unnamed > 0 ? last_naming_time : settling_time))
      return;
    seen = handled;
    if (steady_clock::now() - quiet_since > quiet_time + 2 * drain_interval_)
      return;
    if (stop_.wait(steady_clock::now() + poll_interval) == stop_signals::cause::signal)
      return; // Asked twice: now.
  }
}

std::vector<loss_count> stream_end::losses() {
  std::vector<loss_count> all;
  if (const auto reader = run_.reader())
    all = filter_(losses_since(losses_before_, reader->losses));
  const std::string kind{kind_};
  const auto waiting = held();
  if (const auto status = run_.console(); !status) // What it was given it has not printed.
    all.push_back({"console", "stuck", kind, std::max<uint64_t>(1, waiting.unprinted)});
  else if (const auto behind = status->dropped + waiting.unprinted; behind > 0)
    all.push_back({"container", "slow_console", kind, behind});
  if (waiting.unnamed > 0)
    all.push_back({"container", "no_name", kind, waiting.unnamed});
  if (const auto status = run_.status())
    for (const auto& x : status->actors)
      if (x.restarts > 0)
        all.push_back({x.actor, "restarted", "actor", x.restarts});
  return all;
}

} // namespace troupe
