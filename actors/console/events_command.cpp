// SPDX-License-Identifier: Apache-2.0
// Uses CAF: the command starts the actors.

#include "actors/console/container_listing.hpp"
#include "actors/console/factories.hpp"
#include "actors/console/log_setup.hpp"
#include "actors/console/loss_report.hpp"
#include "actors/console/machine_check.hpp"
#include "actors/console/real_commands.hpp"
#include "actors/console/stream_end.hpp"
#include "actors/console/troupe_run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace troupe {

namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using deadline = std::optional<steady_clock::time_point>;

constexpr milliseconds patience{10'000};
constexpr milliseconds end_timeout{1'200};
/// Containers that are there at the start have their names soon, and a runtime has answered if it
/// will: nobody is told "no such container" before.
constexpr milliseconds naming_time{1'500};
constexpr milliseconds poll_interval{20};

void tell(const output_streams& streams, std::string_view line) {
  say(streams.err, fmt::format("troupe events: {}", line));
}

/// Which sources there are to be asked.
struct life_sources {
  bool kernel = true;
  bool runtimes = true;

  [[nodiscard]] std::string_view text() const {
    return !runtimes ? "the kernel" : kernel ? "kernel and runtimes" : "the runtimes";
  }
};

/// One run of the actors.
class events_run {
public:
  events_run(const events_request& request, const settings& config, life_sources sources,
             const output_streams& streams, const stop_signals& stop, troupe_factories factories,
             std::shared_ptr<std::atomic<uint64_t>> gaps)
      : request_(request),
        sources_(sources),
        streams_(streams),
        stop_(stop),
        gaps_(std::move(gaps)),
        run_(std::move(factories), stop),
        end_(run_, stop, request.scope, config.drain_interval, "life", losses_of_life) {}

  /// An exit code.
  int run(deadline until) {
    if (const auto code = start())
      return *code;
    if (introduce(until) && stop_.wait(until) == stop_signals::cause::woken)
      return ended_early(run_.failure().value_or(caf::error{}));
    end_.settle();
    return report();
  }

private:
  /// An exit code when it did not come to events.
  std::optional<int> start() {
    if (!sources_.kernel)
      return std::nullopt; // There is nothing to attach.
    switch (run_.wait_until_ready(patience)) {
      case troupe_run::readiness::stopped:
        return exit_done;
      case troupe_run::readiness::failed:
        return ended_early(run_.failure().value_or(caf::error{}));
      case troupe_run::readiness::late:
        tell(streams_, "it is not ready after 10 s; it goes on trying");
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
    tell(streams_, error_text(failure));
    return is(failure, ec::kernel_unsupported) ? exit_unsupported : exit_error;
  }

  /// Whom there is, by either source.
  struct present_containers {
    std::vector<container_snapshot_ptr> snapshots;
    std::vector<list_row> rows;
    bool answered = false; ///< a runtime has

    [[nodiscard]] std::vector<container_scope> scopes() const {
      auto result = scopes_of(snapshots);
      for (const auto& row : rows)
        result.push_back(scope_of(row.identity, row.metadata));
      return result;
    }
  };

  present_containers look() {
    present_containers result;
    if (sources_.kernel)
      result.snapshots = run_.snapshots();
    if (const auto listing = run_.runtimes()) {
      result.rows = rows_of(*listing);
      result.answered = any_answered(listing->endpoints);
    }
    return result;
  }

  /// Says what is shown; false when it ended meanwhile.
  bool introduce(deadline until) {
    const auto& scope = request_.scope;
    auto patient = steady_clock::now() + naming_time;
    if (until)
      patient = std::min(patient, *until);
    auto present = look();
    const auto missing = [&] {
      return count_matching(scope, present.scopes()) == 0 && !scope.matches_all();
    };
    while ((missing() || (sources_.runtimes && !present.answered))
           && steady_clock::now() < patient) {
      if (stop_.wait(steady_clock::now() + poll_interval) != stop_signals::cause::deadline)
        return false;
      present = look();
    }
    for (const auto& line : explain_missing(scope, present.scopes()))
      tell(streams_, line + "; waiting for it");
    if (sources_.runtimes && !present.answered)
      tell(streams_, sources_.kernel
                         ? "no container runtime answers: this is what the kernel shows"
                         : "no container runtime answers; waiting for one ('troupe doctor')");
    tell(streams_, fmt::format("the life of containers, from {}; Ctrl-C ends", sources_.text()));
    return true;
  }

  int report() {
    auto lost = end_.losses();
    if (const auto failure = run_.failure())
      return ended_early(*failure);
    if (const auto gaps = gaps_->load(); gaps > 0)
      lost.push_back({"runtime", "stopped_answering", "life", gaps});
    if (lost.empty())
      return exit_done;
    tell(streams_, describe_losses(lost));
    return request_.allow_loss ? exit_done : exit_lost;
  }

  const events_request& request_;
  life_sources sources_;
  const output_streams& streams_;
  const stop_signals& stop_;
  std::shared_ptr<std::atomic<uint64_t>> gaps_;
  troupe_run run_;
  stream_end end_;
};

settings settings_of(const events_request& request) {
  auto config = request.config.agent;
  config.trace = trace_life;
  config.l7 = false;
  config.details = true; // The command of an init process.
  config.listen.clear();
  const auto choice = choice_of(request.scope, request.services);
  config.services = choice.services;
  config.sessions = choice.sessions;
  return config;
}

/// Runs until the end, and goes on without the kernel when that is the reason of an early one.
int run_on(const events_request& request, const output_streams& streams, life_sources sources,
           const machine_check& machine, const stop_signals& stop) {
  const auto config = settings_of(request);
  const auto until =
      request.timeout ? deadline{steady_clock::now() + *request.timeout} : std::nullopt;
  events_options options;
  options.choice = {request.scope, ids_of_pids(request.scope, config.host_root), request.events};
  options.output = request.output;
  options.config = config;
  options.runtimes = sources.runtimes;
  for (;;) {
    auto factories = sources.kernel ? make_factories(config, *machine.hierarchy)
                                    : make_runtime_factories(config);
    add_events_console(factories, options, streams);
    std::optional<end_by_force> bound;
    events_run run{request, config, sources, streams, stop, std::move(factories), options.gaps};
    const int code = run.run(until);
    if (code != exit_unsupported || !sources.kernel || !sources.runtimes) {
      bound.emplace(end_timeout, code);
      return code;
    }
    tell(streams, "going on with what the runtimes tell");
    sources.kernel = false;
    options.output.headers = false; // They stand there.
  }
}

} // namespace

int run_events_command(const events_request& request, const output_streams& streams) {
  set_up_log(request.config, "warn");
  life_sources sources;
  sources.kernel = request.source != life_source::runtime;
  sources.runtimes = request.source != life_source::kernel && !request.config.agent.runtimes_off;
  if (!sources.kernel && !sources.runtimes) {
    tell(streams, "--source runtime and --runtimes-off leave nobody to ask");
    return exit_usage;
  }
  const auto machine = check_machine(request.config.agent);
  if (const auto obstacle = describe_obstacle(machine); sources.kernel && !obstacle.empty()) {
    tell(streams, obstacle);
    if (!sources.runtimes)
      return exit_unsupported;
    tell(streams, "going on with what the runtimes tell");
    sources.kernel = false;
  }
  stop_signals stop;
  stop.watch_reader(streams.out);
  return run_on(request, streams, sources, machine, stop);
}

} // namespace troupe
