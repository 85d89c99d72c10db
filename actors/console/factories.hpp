// SPDX-License-Identifier: Apache-2.0
// Uses CAF: it says how each actor of a run is spawned.
#pragma once

#include "actors/console/event_printer.hpp"
#include "actors/host/cgroup_hierarchy.hpp"
#include "actors/supervisor/supervisor.hpp"
#include "messages/settings.hpp"

namespace troupe {

/// The real actors, without console and exporter.
[[nodiscard]] troupe_factories make_factories(const settings& config,
                                              const cgroup_hierarchy& hierarchy);

/// Adds the endpoint.
void add_exporter(troupe_factories& factories, const settings& config);

/// Adds a console that prints to `out`.
void add_console(troupe_factories& factories, const stream_options& options, int out);

} // namespace troupe
