// SPDX-License-Identifier: Apache-2.0
// Uses CAF: it observes an actor.
#pragma once

#include "actors/console/asked_runtimes.hpp"
#include "actors/console/commands.hpp"
#include "actors/console/stop_signals.hpp"

namespace troupe {

/// `troupe list -w`: the containers that are there, then every change, until a signal or the
/// timeout. Answers an exit_code.
int watch_containers(const list_request& request, const output_streams& streams,
                     asked_runtimes& asked, const stop_signals& stop);

} // namespace troupe
