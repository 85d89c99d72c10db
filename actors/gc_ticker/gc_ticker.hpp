// SPDX-License-Identifier: Apache-2.0
#pragma once

// Shared with: console

#include "actors/supervisor/gauged_actor.hpp"
#include "messages/actors.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <chrono>
#include <vector>

namespace troupe {

struct gc_ticker_state {
  const char* name = "gc_ticker";
  std::chrono::milliseconds interval{0};
  std::vector<tick_target_actor> targets;
};

/// The clock of the others: sends tick to all targets at every interval, the first one after the
/// first interval. One clock for all, so that an idle machine wakes up once.
gc_ticker_actor::behavior_type gc_ticker(gauged_pointer<gc_ticker_actor, gc_ticker_state> self,
                                         std::chrono::milliseconds interval,
                                         const std::vector<tick_target_actor>& targets);

} // namespace troupe
