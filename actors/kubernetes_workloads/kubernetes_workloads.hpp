// SPDX-License-Identifier: Apache-2.0
#pragma once

// Shared with: console

#include "actors/kubernetes_workloads/pod_fetch.hpp"
#include "actors/supervisor/gauged_actor.hpp"
#include "messages/actors.hpp"
#include "messages/settings.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <memory>
#include <optional>

namespace troupe {

struct kubernetes_workloads_state {
  const char* name = "kubernetes_workloads";
  pod_source source;
  std::chrono::milliseconds interval{0};
  registry_actor registry;
  std::unique_ptr<pod_fetch> fetch; ///< under way
  std::optional<pod_workloads> known;
  uint32_t failures = 0; ///< in a row
  std::string last_failure;
};

/// Asks for the node's pods every settings.workloads_interval, and tells the registry whose they
/// are. Nobody waits for it: whatever the other side does, the agent's containers keep what their
/// pods' names look like. Spawn detached.
kubernetes_workloads_actor::behavior_type
kubernetes_workloads(gauged_pointer<kubernetes_workloads_actor, kubernetes_workloads_state> self,
                     const settings& options, registry_actor to);

/// How long to wait after so many failures in a row: at first a second, doubled, and never longer
/// than the interval or five minutes, whichever is more.
std::chrono::milliseconds pause_after(uint32_t failures, std::chrono::milliseconds interval);

} // namespace troupe
