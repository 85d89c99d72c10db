// SPDX-License-Identifier: Apache-2.0
#pragma once

// Shared with: console

#include "actors/host/cgroup_hierarchy.hpp"
#include "actors/host/nat_resolver.hpp"
#include "actors/supervisor/gauged_actor.hpp"
#include "messages/actors.hpp"
#include "messages/settings.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <functional>
#include <memory>
#include <string>

namespace troupe {

/// Called in the host's own thread.
using nat_sources_factory = std::function<std::unique_ptr<nat_sources>()>;

struct host_state {
  const char* name = "host";
  std::string host_root;
  cgroup_hierarchy hierarchy;
  nat_sources_factory open_sources;
  std::unique_ptr<nat_resolver> resolver; ///< since the first question
};

/// Reads from the machine what may block. Spawn detached: nobody else waits for a slow disk.
translating_host_actor::behavior_type host(gauged_pointer<translating_host_actor, host_state> self,
                                           const settings& options,
                                           const cgroup_hierarchy& hierarchy);

/// The same, which asks others than this machine's kernel where connections go.
translating_host_actor::behavior_type
host_with(gauged_pointer<translating_host_actor, host_state> self, const settings& options,
          const cgroup_hierarchy& hierarchy, nat_sources_factory open_sources);

} // namespace troupe
