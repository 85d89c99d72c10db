// SPDX-License-Identifier: Apache-2.0
#pragma once

// Shared with: console

#include "actors/runtime_metadata/listing_round.hpp"
#include "actors/runtime_metadata/metadata_book.hpp"
#include "actors/runtime_metadata/runtime_crew.hpp"
#include "actors/supervisor/gauged_actor.hpp"
#include "messages/actors.hpp"
#include "messages/settings.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include <map>
#include <memory>
#include <optional>
#include <vector>

namespace troupe {

struct runtime_metadata_state {
  std::shared_ptr<runtime_crew> crew; ///< its end stops the calls under way
  std::optional<metadata_book> book;
  std::map<container_key, metadata_sink_actor> sinks;
  std::vector<uint32_t> busy; ///< workers by endpoint
  uint32_t busy_max = 1;
  std::optional<metadata_book::time_point> armed; ///< when the next tick comes
  std::optional<listing_round> round;             ///< the list_all under way
  uint64_t rounds = 0;
  std::vector<container_observer_actor> observers;
  std::vector<caf::typed_response_promise<runtime_listing>> askers; ///< who waits for the round
};

/// Starts runtime_metadata with a detached watcher for every runtime endpoint, and detached workers
/// while there is something to look up. All of them end with it, within 200 ms. `board` may be
/// empty.
runtime_metadata_core::behavior_type
runtime_metadata(gauged_pointer<runtime_metadata_core, runtime_metadata_state> self,
                 const settings& config, const std::shared_ptr<actor_board>& board);

/// The same with another crew.
runtime_metadata_core::behavior_type
runtime_metadata_with_crew(gauged_pointer<runtime_metadata_core, runtime_metadata_state> self,
                           const settings& config, std::shared_ptr<runtime_crew> crew);

} // namespace troupe
