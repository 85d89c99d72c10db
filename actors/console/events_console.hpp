// SPDX-License-Identifier: Apache-2.0
// Uses CAF: it is an actor.
#pragma once

#include "actors/console/field_selection.hpp"
#include "actors/console/life_feed.hpp"
#include "actors/console/output.hpp"
#include "actors/console/table.hpp"
#include "actors/supervisor/gauged_actor.hpp"
#include "messages/actors.hpp"
#include "messages/settings.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <atomic>
#include <map>
#include <memory>
#include <optional>
#include <string>

namespace troupe {

/// The console of `troupe events`: the containers send it what the kernel shows, runtime_metadata
/// what the runtimes tell.
using events_console_actor = trace_console_actor::extend_with<container_observer_actor>::extend<
    // Shows what has waited for a name long enough.
    caf::reacts_to<tick>>;

/// What a stream of containers' lives shows, and how.
struct events_options {
  life_choice choice;
  output_options output; ///< fields of life_fields()
  settings config;       ///< which runtimes were asked for by name
  bool runtimes = true;  ///< show what they tell, and not only what the kernel shows
  /// How often a runtime stopped answering: what happened meanwhile is not known.
  std::shared_ptr<std::atomic<uint64_t>> gaps = std::make_shared<std::atomic<uint64_t>>(0);
};

struct events_console_state {
  const char* name = "console";
  std::optional<life_feed> feed;
  std::optional<table_layout> layout;
  std::optional<complaints> complain;
  std::map<std::string, bool> answering; ///< by socket
  console_status status;
  bool tick_armed = false;
};

/// Prints to `streams`. Spawn it detached: a terminal or a pipe may block. Ends as console does.
events_console_actor::behavior_type
events_console(gauged_pointer<events_console_actor, events_console_state> self,
               events_options options, output_streams streams);

} // namespace troupe
