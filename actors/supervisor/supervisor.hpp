// SPDX-License-Identifier: Apache-2.0
#pragma once

// Shared with: console

#include "actors/supervisor/actor_board.hpp"
#include "actors/supervisor/gauged_actor.hpp"
#include "actors/supervisor/roster.hpp"
#include "messages/actors.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <array>
#include <functional>
#include <memory>
#include <vector>

namespace troupe {

/// How the supervisor gets its children. It calls a factory for the first start and for every
/// restart, in its own context; the factory spawns and returns at once. An empty function means
/// that this run does without that child (no endpoint: no exporter; no trace: no console). Tests
/// put their own actors here.
struct troupe_factories {
  /// Where the gauges of all actors hang.
  std::shared_ptr<actor_board> board = std::make_shared<actor_board>(message_type_name);
  std::function<console_actor(caf::actor_system&)> console;
  std::function<host_actor(caf::actor_system&)> host;
  std::function<runtime_metadata_actor(caf::actor_system&)> runtime_metadata;
  /// console is invalid where there is none.
  std::function<registry_actor(caf::actor_system&, const host_actor&, const runtime_metadata_actor&,
                               const console_actor&)>
      registry;
  /// The reader sends its handle to the registry when it has attached.
  std::function<bpf_reader_actor(caf::actor_system&, const registry_actor&)> bpf_reader;
  std::function<gc_ticker_actor(caf::actor_system&, const std::vector<tick_target_actor>&)>
      gc_ticker;
  /// It gets a new troupe_directory by message after every restart.
  std::function<exporter_actor(caf::actor_system&, const troupe_directory&)> exporter;
  /// It gets a new registry by message.
  std::function<kubernetes_workloads_actor(caf::actor_system&, const registry_actor&)>
      kubernetes_workloads;
};

struct supervisor_state {
  const char* name = "supervisor";
  troupe_factories factories;
  roster children;
  std::array<caf::actor, role_count> handles; ///< by role, for monitoring and ending only
  troupe_directory directory;
  console_actor console;
  gc_ticker_actor gc_ticker;
  exporter_actor exporter;
  kubernetes_workloads_actor kubernetes_workloads;
  uint64_t container_restarts = 0; ///< as the registry said last

  /// Whatever ended the supervisor, also a kill: its children end with it.
  ~supervisor_state();
};

/// Starts console, host, runtime_metadata, registry, bpf_reader, gc_ticker, exporter and
/// kubernetes_workloads in this order, and starts those that fail again: after 100 ms, doubled each
/// time up to 10 s. A failed registry takes bpf_reader and gc_ticker with it (its containers are
/// gone, so all routes are). Ends with ec::restart_limit when a child has failed 9 times without a
/// healthy minute, and with the child's own error where starting it again cannot help
/// (ec::kernel_unsupported, ec::address_in_use, ec::invalid_configuration). The console's end is
/// the end of all.
supervisor_actor::behavior_type supervisor(gauged_pointer<supervisor_actor, supervisor_state> self,
                                           troupe_factories factories);

} // namespace troupe
