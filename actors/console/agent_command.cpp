// SPDX-License-Identifier: Apache-2.0
// Uses CAF: the command starts the actors.

#include "actors/console/endpoint_check.hpp"
#include "actors/console/factories.hpp"
#include "actors/console/log_setup.hpp"
#include "actors/console/machine_check.hpp"
#include "actors/console/real_commands.hpp"
#include "actors/console/startup_memory.hpp"
#include "actors/console/troupe_run.hpp"

#include <spdlog/spdlog.h>

#include <fmt/format.h>

namespace troupe {

namespace {

using std::chrono::steady_clock;

constexpr std::chrono::milliseconds patience{10'000};
/// From ready until the containers that were there have their names.
constexpr std::chrono::milliseconds settling_time{1'000};
/// All is down within two seconds, whatever hangs.
constexpr std::chrono::milliseconds end_timeout{1'800};

int complain(const output_streams& streams, std::string_view error, int code) {
  say(streams.err, fmt::format("troupe agent: {}", error));
  return code;
}

int end_of(const troupe_run& run, const output_streams& streams) {
  const auto failure = run.failure();
  if (!failure)
    return exit_done;
  const bool unsupported = is(*failure, ec::kernel_unsupported);
  return complain(streams, error_text(*failure), unsupported ? exit_unsupported : exit_error);
}

void log_ready(troupe_run& run, const std::string& listen) {
  const auto registry = run.registry();
  spdlog::info("agent ready {} containers and services are watched",
               registry ? registry->containers : 0);
  if (const auto reader = run.reader())
    for (const auto& x : reader->features)
      if (!x.enabled)
        spdlog::warn("agent feature-off {}: {}", x.feature, x.reason);
  if (listen.empty())
    return;
  spdlog::info("agent listening look at {}", local_metrics_url(listen));
}

int watch(troupe_run& run, const stop_signals& stop, const std::string& listen,
          const output_streams& streams) {
  auto readiness = run.wait_until_ready(patience);
  if (readiness == troupe_run::readiness::late)
    spdlog::warn("agent not-ready it is not ready after {} s; it goes on trying",
                 patience.count() / 1000);
  else if (readiness == troupe_run::readiness::ready)
    log_ready(run, listen);
  const bool runs =
      readiness == troupe_run::readiness::ready || readiness == troupe_run::readiness::late;
  if (runs && stop.wait(steady_clock::now() + settling_time) == stop_signals::cause::deadline) {
    give_back_startup_memory();
    static_cast<void>(stop.wait(std::nullopt));
  }
  spdlog::info("agent ending all actors are told to end");
  return end_of(run, streams);
}

} // namespace

int run_agent_command(const agent_request& request, const output_streams& streams) {
  set_up_log(request.config, "info");
  const auto& config = request.config.agent;
  const auto machine = check_machine(config);
  if (const auto obstacle = describe_obstacle(machine); !obstacle.empty())
    return complain(streams, obstacle, exit_unsupported);
  if (const auto taken = check_endpoint(config.listen); !taken.empty())
    return complain(streams, taken, exit_error);

  share_heaps();
  const stop_signals stop;
  std::optional<end_by_force> bound;
  spdlog::info("agent starting troupe {} on kernel {}, containers in {}", TROUPE_VERSION,
               machine.release, describe(*machine.hierarchy));
  auto factories = make_factories(config, *machine.hierarchy);
  if (!config.listen.empty())
    add_exporter(factories, config);
  add_workloads(factories, config);
  troupe_run run{std::move(factories), stop};
  const int code = watch(run, stop, config.listen, streams);
  bound.emplace(end_timeout, exit_error);
  return code;
}

} // namespace troupe
