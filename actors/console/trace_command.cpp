// SPDX-License-Identifier: Apache-2.0
// Uses CAF: the command starts the actors.

#include "actors/console/factories.hpp"
#include "actors/console/log_setup.hpp"
#include "actors/console/loss_report.hpp"
#include "actors/console/machine_check.hpp"
#include "actors/console/real_commands.hpp"
#include "actors/console/troupe_run.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace troupe {

namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds patience{10'000};
constexpr milliseconds end_timeout{1'200};
/// Containers that are there at the start have their names soon; nobody is told "no such container"
/// before.
constexpr milliseconds naming_time{1'500};
/// For what happened before the end and is still on its way.
constexpr milliseconds settling_time{700};
constexpr milliseconds quiet_time{60};
/// A container that was made just before the end is waited for a little longer: its runtime
/// answers.
constexpr milliseconds last_naming_time{2'500};
constexpr milliseconds poll_interval{20};

class tracing {
public:
  tracing(const trace_request& request, const output_streams& streams, const stop_signals& stop,
          troupe_factories factories)
      : request_(request), streams_(streams), stop_(stop), run_(std::move(factories), stop) {}

  int run() {
    if (const auto code = start())
      return *code;
    const auto deadline =
        request_.timeout ? std::optional{steady_clock::now() + *request_.timeout} : std::nullopt;
    if (introduce(deadline) && stop_.wait(deadline) == stop_signals::cause::woken)
      return ended_early(run_.failure().value_or(caf::error{}));
    settle();
    return report();
  }

private:
  void tell(std::string_view line) const {
    say(streams_.err, fmt::format("troupe trace {}: {}", to_string(request_.kind), line));
  }

  /// An exit code when it did not come to tracing.
  std::optional<int> start() {
    switch (run_.wait_until_ready(patience)) {
      case troupe_run::readiness::stopped:
        return exit_done;
      case troupe_run::readiness::failed:
        return ended_early(run_.failure().value_or(caf::error{}));
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

  int ended_early(const caf::error& failure) const {
    if (!failure)
      return exit_done; // Nobody reads any more.
    tell(error_text(failure));
    return is(failure, ec::kernel_unsupported) ? exit_unsupported : exit_error;
  }

  /// Says what is traced; false when the trace ended meanwhile.
  bool introduce(std::optional<steady_clock::time_point> deadline) {
    auto until = steady_clock::now() + naming_time;
    if (deadline)
      until = std::min(until, *deadline);
    auto present = run_.snapshots();
    while (matching(present) == 0 && !request_.scope.matches_all() && steady_clock::now() < until) {
      if (stop_.wait(steady_clock::now() + poll_interval) != stop_signals::cause::deadline)
        return false;
      present = run_.snapshots();
    }
    for (const auto& line : explain_missing(request_.scope, scopes_of(present)))
      tell(line + "; waiting for it");
    const auto count = matching(present);
    const bool all = request_.scope.matches_all() && request_.config.agent.services;
    tell(fmt::format("tracing {} in {} container{}{}; Ctrl-C ends", to_string(request_.kind), count,
                     count == 1 ? "" : "s", all ? " and services" : ""));
    return true;
  }

  static std::vector<container_scope>
  scopes_of(const std::vector<container_snapshot_ptr>& snapshots) {
    std::vector<container_scope> scopes;
    for (const auto& x : snapshots)
      if (x->exported)
        scopes.push_back(scope_of(x->identity, x->metadata));
    return scopes;
  }

  [[nodiscard]] size_t matching(const std::vector<container_snapshot_ptr>& snapshots) const {
    const auto scopes = scopes_of(snapshots);
    return static_cast<size_t>(
        std::count_if(scopes.begin(), scopes.end(),
                      [this](const container_scope& x) { return request_.scope.matches(x); }));
  }

  /// Events that containers still hold: for want of a name, or because the console is behind.
  struct held_events {
    uint64_t unnamed = 0;
    uint64_t unprinted = 0;
    /// In cgroups that only look like a container's, so far: said, but no loss.
    uint64_t nobodys = 0;
  };

  held_events held() {
    held_events sum;
    const auto registry = run_.registry();
    const bool names_to_come = !registry || registry->unnamed > 0;
    for (const auto& x : run_.snapshots())
      if (!x->exported)
        (names_to_come ? sum.unnamed : sum.nobodys) += x->traces_waiting;
      else if (request_.scope.matches(scope_of(x->identity, x->metadata)))
        sum.unprinted += x->traces_waiting;
    return sum;
  }

  /// Waits until what happened before the end has gone its way to the console.
  void settle() {
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
      const auto drained = quiet_time + 2 * request_.config.agent.drain_interval;
      if (steady_clock::now() - quiet_since > drained)
        return;
      if (stop_.wait(steady_clock::now() + poll_interval) == stop_signals::cause::signal)
        return; // Asked twice: now.
    }
  }

  std::vector<loss_count> losses() {
    std::vector<loss_count> all;
    if (const auto reader = run_.reader())
      all = losses_of(request_.kind, losses_since(losses_before_, reader->losses));
    const auto kind = std::string{to_string(request_.kind)};
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

  int report() {
    const auto lost = losses();
    if (const auto failure = run_.failure())
      return ended_early(*failure);
    if (const auto waiting = held(); waiting.nobodys > 0 && request_.scope.matches_all())
      tell(fmt::format("{} more in cgroups that no runtime has named", waiting.nobodys));
    if (lost.empty())
      return exit_done;
    tell(describe_losses(lost));
    return request_.allow_loss ? exit_done : exit_lost;
  }

  const trace_request& request_;
  const output_streams& streams_;
  const stop_signals& stop_;
  std::vector<loss_count> losses_before_;
  troupe_run run_;
};

stream_options stream_of(const trace_request& request) {
  return {request.kind, request.scope, request.output, request.setup};
}

} // namespace

int run_trace_command(const trace_request& request, const output_streams& streams) {
  set_up_log(request.config, "warn");
  auto config = request.config.agent;
  config.trace = mask_of(request.kind);
  config.listen.clear();
  const auto machine = check_machine(config);
  if (const auto obstacle = describe_obstacle(machine); !obstacle.empty()) {
    say(streams.err, fmt::format("troupe trace {}: {}", to_string(request.kind), obstacle));
    return exit_unsupported;
  }
  auto factories = make_factories(config, *machine.hierarchy);
  add_console(factories, stream_of(request), streams.out);
  stop_signals stop;
  stop.watch_reader(streams.out);
  std::optional<end_by_force> bound;
  tracing trace{request, streams, stop, std::move(factories)};
  const int code = trace.run();
  bound.emplace(end_timeout, code);
  return code;
}

} // namespace troupe
