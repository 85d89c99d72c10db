// SPDX-License-Identifier: Apache-2.0
#pragma once

// Uses CAF: it configures the actor system.

#include <caf/actor_system_config.hpp>

namespace troupe {

/// How every command runs its actors. CAF's default, work stealing, polls: it costs 0.6 % of a core
/// doing nothing and 17 % with one 10 Hz timer, where sharing costs 0.001 and 0.14 %.
struct actor_system_config : caf::actor_system_config {
  actor_system_config();
};

} // namespace troupe
