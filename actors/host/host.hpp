// SPDX-License-Identifier: Apache-2.0
#pragma once

// Shared with: console

#include "actors/host/cgroup_hierarchy.hpp"
#include "actors/supervisor/gauged_actor.hpp"
#include "messages/actors.hpp"
#include "messages/settings.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <string>

namespace troupe {

struct host_state {
  const char* name = "host";
  std::string host_root;
  cgroup_hierarchy hierarchy;
};

/// Reads from the machine what may block. Spawn detached: nobody else waits for a slow disk.
host_actor::behavior_type host(gauged_pointer<host_actor, host_state> self, const settings& options,
                               const cgroup_hierarchy& hierarchy);

} // namespace troupe
