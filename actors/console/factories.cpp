// SPDX-License-Identifier: Apache-2.0
// Uses CAF: it spawns the actors.

#include "actors/console/factories.hpp"

#include "actors/bpf_reader/bpf_reader.hpp"
#include "actors/console/console.hpp"
#include "actors/container/container.hpp"
#include "actors/exporter/exporter.hpp"
#include "actors/gc_ticker/gc_ticker.hpp"
#include "actors/host/host.hpp"
#include "actors/kubernetes_workloads/kubernetes_workloads.hpp"
#include "actors/registry/registry.hpp"
#include "actors/runtime_metadata/runtime_metadata.hpp"

#include <caf/actor_system.hpp>

namespace troupe {

namespace {

std::function<runtime_metadata_actor(caf::actor_system&)>
runtimes_of(const settings& config, const std::shared_ptr<actor_board>& board) {
  return [=](caf::actor_system& system) -> runtime_metadata_actor {
    return system.spawn(runtime_metadata, config, board);
  };
}

} // namespace

troupe_factories make_runtime_factories(const settings& config) {
  troupe_factories factories;
  factories.runtime_metadata = runtimes_of(config, factories.board);
  return factories;
}

troupe_factories make_factories(const settings& config, const cgroup_hierarchy& hierarchy) {
  troupe_factories factories;
  const auto board = factories.board;
  factories.host = [=](caf::actor_system& system) -> host_actor {
    return system.spawn<caf::detached>(host, config, hierarchy);
  };
  if (!config.runtimes_off)
    factories.runtime_metadata = runtimes_of(config, board);
  factories.registry = [=](caf::actor_system& system, const host_actor& host_handle,
                           const runtime_metadata_actor& metadata, const console_actor& printer) {
    auto make_container = [config, printer, board](caf::actor_system& sys, container_key key) {
      auto handle = sys.spawn(container, key, config, printer);
      board->add_container(key, gauge_of(handle));
      return handle;
    };
    return system.spawn(registry, config, host_handle, metadata, std::move(make_container));
  };
  factories.bpf_reader = [=](caf::actor_system& system,
                             const registry_actor& sink) -> bpf_reader_actor {
    return system.spawn<caf::detached>(bpf_reader, config, hierarchy, sink);
  };
  factories.gc_ticker = [=](caf::actor_system& system,
                            const std::vector<tick_target_actor>& targets) {
    return system.spawn(gc_ticker, config.tick_interval, targets);
  };
  return factories;
}

void add_exporter(troupe_factories& factories, const settings& config) {
  factories.exporter = [config, board = factories.board](caf::actor_system& system,
                                                         const troupe_directory& directory) {
    return system.spawn(exporter, config, directory, board);
  };
}

void add_workloads(troupe_factories& factories, const settings& config) {
  if (config.workloads_url.empty())
    return;
  factories.kubernetes_workloads = [config](caf::actor_system& system, const registry_actor& to) {
    return system.spawn<caf::detached>(kubernetes_workloads, config, to);
  };
}

void add_console(troupe_factories& factories, const stream_options& options, int out) {
  factories.console = [=](caf::actor_system& system) -> console_actor {
    return system.spawn<caf::detached>(console, options, out);
  };
}

void add_events_console(troupe_factories& factories, const events_options& options,
                        const output_streams& streams) {
  // Weak: whoever holds a handle when the system ends keeps it from ending.
  const auto observer = std::make_shared<caf::actor_addr>();
  factories.console = [=](caf::actor_system& system) -> console_actor {
    const auto handle = system.spawn<caf::detached>(events_console, options, streams);
    *observer = handle.address();
    return handle;
  };
  if (!factories.runtime_metadata || !options.runtimes)
    return;
  factories.runtime_metadata = [observer, make = std::move(factories.runtime_metadata)](
                                   caf::actor_system& system) {
    auto handle = make(system);
    if (const auto to = caf::actor_cast<container_observer_actor>(*observer))
      caf::anon_send(caf::actor_cast<observable_metadata_actor>(handle), observe_containers{}, to);
    return handle;
  };
}

} // namespace troupe
