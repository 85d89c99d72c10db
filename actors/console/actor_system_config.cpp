// SPDX-License-Identifier: Apache-2.0
// Uses CAF: it configures the actor system.
#include "actors/console/actor_system_config.hpp"

#include <caf/atom.hpp>

namespace troupe {

actor_system_config::actor_system_config() {
  set("scheduler.policy", caf::atom("sharing"));
  set("scheduler.max-threads", 2);
  // Messages one actor may handle before the others get their turn; CAF's default is no bound.
  set("scheduler.max-throughput", 64);
}

} // namespace troupe
