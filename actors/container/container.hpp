// SPDX-License-Identifier: Apache-2.0
#pragma once

// Shared with: console

#include "actors/container/container_account.hpp"
#include "actors/supervisor/gauged_actor.hpp"
#include "messages/actors.hpp"
#include "messages/settings.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <cstdint>
#include <variant>
#include <vector>

namespace troupe {

struct container_actor_state {
  static inline const char* name = "container";

  container_key key = 0;
  container_account account{0, {}};
  console_actor console; ///< invalid: nothing is traced
  uint32_t trace_credit = 0;
  /// Containers whose state is on its way. The reader's batches go on where that ends: the close
  /// of a connection may be here before the state that has its open. So they wait, and with them
  /// the registry's news of cgroups: the last one's end comes after the records of it.
  std::vector<container_key> awaited;
  struct held_batch {
    event_batch batch;
    credit_actor producer;
  };
  std::vector<std::variant<held_batch, cgroup_joined, cgroup_left>> held;
  container_actor heir;        ///< waits for its turn: we inherit first
  translator_actor translator; ///< invalid: connections go where they say
  bool asking = false;         ///< one question at a time
  bool silence_told = false;
  credit_actor producer; ///< of the last batch; takes orders
};

/// The actor of one container, provisional until it is named. `key` is the one under which the
/// reader and the console know it. `console` may be invalid.
container_actor::behavior_type
container(gauged_pointer<container_actor, container_actor_state> self, container_key key,
          const settings& config, const console_actor& console);

} // namespace troupe
