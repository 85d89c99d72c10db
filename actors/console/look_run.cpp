// SPDX-License-Identifier: Apache-2.0
// Uses CAF: it owns the actors of a look.

#include "actors/console/look_run.hpp"

#include "actors/console/commands.hpp"
#include "actors/console/loss_report.hpp"
#include "actors/console/machine_addresses.hpp"
#include "actors/console/stream_end.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <utility>

namespace troupe {

namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds patience{10'000};
/// Containers that are there at the start have their names soon; nobody is told "no such container"
/// before.
constexpr milliseconds naming_time{1'500};
constexpr milliseconds poll_interval{20};
/// For what happened before the end and is still on its way.
constexpr milliseconds settling_time{700};
constexpr milliseconds quiet_time{100};
/// Bytes of open connections are read at each tick: an agent's is longer than many a look.
constexpr milliseconds tick_interval{1'000};

} // namespace

settings look_settings(settings config, bool l7) {
  config.trace = trace_flows;
  config.l7 = l7;
  config.details = true;   // The addresses that runtimes gave.
  config.l7_turns = false; // Counted by the kernel, requests have no peer and no finer durations.
  config.listen.clear();
  config.tick_interval = std::min(config.tick_interval, tick_interval);
  return config;
}

graph_names find_names(const std::vector<container_snapshot_ptr>& snapshots) {
  graph_names result{machine_addresses(), {}, {}};
  for (const auto& container : snapshots)
    for (const auto& x : container->names)
      result.dns.emplace(x.ip, x.fqdn); // Of several names any says more than a number.
  for (const auto& container : snapshots) {
    if (!container->exported || !container->metadata.details)
      continue;
    for (const auto& network : container->metadata.details->networks)
      for (const auto& ip : {network.ipv4, network.ipv6})
        if (!ip.empty())
          result.containers.emplace(ip, container->identity.container_id);
  }
  return result;
}

look_run::look_run(std::string_view command, const output_streams& streams,
                   const stop_signals& stop, const selector& scope, troupe_factories factories)
    : command_(command),
      streams_(streams),
      stop_(stop),
      scope_(scope),
      run_(std::move(factories), stop) {}

void look_run::tell(std::string_view line) const {
  say(streams_.err, fmt::format("troupe {}: {}", command_, line));
}

std::optional<int> look_run::start() {
  switch (run_.wait_until_ready(patience)) {
    case troupe_run::readiness::stopped:
      return exit_done;
    case troupe_run::readiness::failed:
      return ended_early();
    case troupe_run::readiness::late:
      tell("it is not ready after 10 s; it goes on trying");
      break;
    case troupe_run::readiness::ready:
      break;
  }
  if (const auto reader = run_.reader())
    losses_before_ = reader->losses;
  return std::nullopt;
}

int look_run::ended_early() const {
  const auto failure = run_.failure().value_or(caf::error{});
  if (!failure)
    return exit_done;
  tell(error_text(failure));
  return is(failure, ec::kernel_unsupported) ? exit_unsupported : exit_error;
}

bool look_run::introduce(std::string_view how) {
  const auto until = steady_clock::now() + naming_time;
  auto snapshots = run_.snapshots();
  auto present = scopes_of(snapshots); // They look into the snapshots.
  const auto is_incomplete = [&] {
    return !scope_.matches_all()
           && (count_matching(scope_, present) == 0 || !explain_missing(scope_, present).empty());
  };
  while (is_incomplete() && steady_clock::now() < until) {
    if (stop_.wait(steady_clock::now() + poll_interval) != stop_signals::cause::deadline)
      return false;
    snapshots = run_.snapshots();
    present = scopes_of(snapshots);
  }
  for (const auto& line : explain_missing(scope_, present))
    tell(line + "; waiting for it");
  const auto count = count_matching(scope_, present);
  tell(fmt::format("looking at {} container{}{}", count, count == 1 ? "" : "s", how));
  return true;
}

void look_run::settle() {
  const auto events_of = [](const std::vector<container_snapshot_ptr>& all) {
    return std::accumulate(all.begin(), all.end(), uint64_t{0},
                           [](uint64_t sum, const auto& x) { return sum + x->events; });
  };
  const auto begin = steady_clock::now();
  auto quiet_since = begin;
  for (uint64_t seen = 0; !run_.failure();) {
    const auto now = steady_clock::now();
    if (const auto events = events_of(run_.snapshots()); events != seen) {
      seen = events;
      quiet_since = now;
    }
    if (now - quiet_since > quiet_time || now - begin > settling_time)
      return;
    if (stop_.wait(now + poll_interval) == stop_signals::cause::signal)
      return; // Asked twice: now.
  }
}

int look_run::finish(bool allow_loss) {
  if (run_.failure())
    return ended_early();
  std::vector<loss_count> lost;
  if (const auto reader = run_.reader())
    lost = losses_of_flows(losses_since(losses_before_, reader->losses));
  if (const auto status = run_.status())
    for (const auto& x : status->actors)
      if (x.restarts > 0)
        lost.push_back({x.actor, "restarted", "actor", x.restarts});
  if (lost.empty())
    return exit_done;
  tell(describe_losses(lost));
  return allow_loss ? exit_done : exit_lost;
}

} // namespace troupe
