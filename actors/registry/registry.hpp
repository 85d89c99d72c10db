// SPDX-License-Identifier: Apache-2.0
#pragma once

// Shared with: console

#include "actors/supervisor/gauged_actor.hpp"
#include "messages/actors.hpp"
#include "messages/settings.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <functional>
#include <memory>

namespace troupe {

/// Starts a container's actor, for the first time or in place of one that failed.
using container_factory = std::function<container_actor(caf::actor_system&, container_key)>;

class registry_work;

struct registry_state {
  registry_state();
  ~registry_state(); ///< whatever ended the registry: its containers end with it

  const char* name = "registry";
  std::unique_ptr<registry_work> work;
};

/// Knows which containers exist and who they are; starts and retires their actors. `metadata` may
/// be invalid (nobody is asked), and each of the two may be replaced by a message later.
registry_actor::behavior_type registry(gauged_pointer<registry_actor, registry_state> self,
                                       const settings& options, const host_actor& host,
                                       const runtime_metadata_actor& metadata,
                                       container_factory make_container);

} // namespace troupe
