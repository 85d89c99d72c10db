// SPDX-License-Identifier: Apache-2.0
// Uses CAF: the command starts the actors.

#include "actors/console/factories.hpp"
#include "actors/console/log_setup.hpp"
#include "actors/console/loss_report.hpp"
#include "actors/console/machine_check.hpp"
#include "actors/console/real_commands.hpp"
#include "actors/console/stream_end.hpp"
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
constexpr milliseconds poll_interval{20};

class tracing {
public:
  tracing(const trace_request& request, const output_streams& streams, const stop_signals& stop,
          troupe_factories factories)
      : request_(request),
        streams_(streams),
        stop_(stop),
        run_(std::move(factories), stop),
        end_(run_, stop, request.scope, request.config.agent.drain_interval,
             to_string(request.kind), [kind = request.kind](const std::vector<loss_count>& all) {
               return losses_of(kind, all);
             }) {}

  int run() {
    if (const auto code = start())
      return *code;
    const auto deadline =
        request_.timeout ? std::optional{steady_clock::now() + *request_.timeout} : std::nullopt;
    if (introduce(deadline) && stop_.wait(deadline) == stop_signals::cause::woken)
      return ended_early(run_.failure().value_or(caf::error{}));
    end_.settle();
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
    end_.begins();
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
    auto snapshots = run_.snapshots();
    auto present = scopes_of(snapshots);
    const auto matching = [&] {
      return count_matching(request_.scope, present);
    };
    while (matching() == 0 && !request_.scope.matches_all() && steady_clock::now() < until) {
      if (stop_.wait(steady_clock::now() + poll_interval) != stop_signals::cause::deadline)
        return false;
      snapshots = run_.snapshots();
      present = scopes_of(snapshots);
    }
    for (const auto& line : explain_missing(request_.scope, present))
      tell(line + "; waiting for it");
    const auto count = matching();
    const bool all = request_.scope.matches_all() && request_.config.agent.services;
    tell(fmt::format("tracing {} in {} container{}{}; Ctrl-C ends", to_string(request_.kind), count,
                     count == 1 ? "" : "s", all ? " and services" : ""));
    return true;
  }

  int report() {
    const auto lost = end_.losses();
    if (const auto failure = run_.failure())
      return ended_early(*failure);
    if (const auto waiting = end_.held(); waiting.nobodys > 0 && request_.scope.matches_all())
      tell(fmt::format("{} more in cgroups that no runtime has named", waiting.nobodys));
    if (lost.empty())
      return exit_done;
    tell(describe_losses(lost));
    return request_.allow_loss ? exit_done : exit_lost;
  }

  const trace_request& request_;
  const output_streams& streams_;
  const stop_signals& stop_;
  troupe_run run_;
  stream_end end_;
};

stream_options stream_of(const trace_request& request) {
  return {request.kind,  request.scope,    request.output,
          request.setup, request.requests, request.raw};
}

} // namespace

int run_trace_command(const trace_request& request, const output_streams& streams) {
  set_up_log(request.config, "warn");
  auto config = request.config.agent;
  config.trace = mask_of(request.kind);
  config.l7 = (config.trace & trace_l7) != 0;
  config.l7_turns = false; // Each request is shown.
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
