// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/console/event_printer.hpp"
#include "actors/supervisor/gauged_actor.hpp"
#include "messages/actors.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <optional>
#include <string>

namespace troupe {

struct console_state {
  const char* name = "console";
  std::optional<event_printer> printer;
  console_status status;
  std::string text; ///< kept between batches for its memory
};

/// Prints to the descriptor `out`. Spawn it detached: a terminal or a pipe may block. Ends normally
/// when nobody reads any more, and with ec::output_failed when writing fails.
trace_console_actor::behavior_type console(gauged_pointer<trace_console_actor, console_state> self,
                                           stream_options options, int out);

} // namespace troupe
