// SPDX-License-Identifier: Apache-2.0
#pragma once

// Uses CAF: a worker is an actor of its own, one a runtime socket.

#include "actors/runtime_metadata/event_window.hpp"
#include "actors/runtime_metadata/runtime_crew.hpp"
#include "actors/supervisor/gauged_actor.hpp"

#include <memory>

namespace troupe {

/// How long a list for list_all may take, its inspects included.
inline constexpr std::chrono::milliseconds listing_timeout{2000};

/// A runtime that is installed meanwhile, or a user who logs in, is seen within this time.
inline constexpr std::chrono::milliseconds scout_interval{1000};

/// Makes one call after the other. Spawn detached: calls block, at most for limits.timeout and
/// until limits.stop.
runtime_worker_actor::behavior_type runtime_worker(gauged_actor<runtime_worker_actor>* self,
                                                   size_t endpoint,
                                                   const std::shared_ptr<runtime_client>& client,
                                                   const call_limits& limits,
                                                   runtime_reports_actor parent);

struct runtime_watcher_state {
  uint32_t failures = 0; ///< streams that did not open, or not for long, in a row
};

/// Follows an event stream, and lists after each opening. Spawn detached: it sits in the stream.
runtime_watcher_actor::behavior_type
runtime_watcher(gauged_pointer<runtime_watcher_actor, runtime_watcher_state> self, size_t endpoint,
                const std::shared_ptr<runtime_client>& client, const call_limits& limits,
                const std::shared_ptr<event_window>& window, runtime_reports_actor parent);

struct runtime_scout_state {
  std::vector<runtime_endpoint> known;
};

/// Looks for sockets that `known` does not have, every `scout_interval`. Spawn detached: it reads
/// directories.
runtime_scout_actor::behavior_type
runtime_scout(gauged_pointer<runtime_scout_actor, runtime_scout_state> self, const settings& config,
              const std::vector<runtime_endpoint>& known, runtime_reports_actor parent);

} // namespace troupe
