// SPDX-License-Identifier: Apache-2.0
// Uses CAF: it says how each actor of a run is spawned.
#pragma once

#include "actors/console/event_printer.hpp"
#include "actors/console/events_console.hpp"
#include "actors/host/cgroup_hierarchy.hpp"
#include "actors/supervisor/supervisor.hpp"
#include "messages/settings.hpp"

namespace troupe {

/// The real actors, without console and exporter.
[[nodiscard]] troupe_factories make_factories(const settings& config,
                                              const cgroup_hierarchy& hierarchy);

/// Only the one that asks the container runtimes: for what works without BPF.
[[nodiscard]] troupe_factories make_runtime_factories(const settings& config);

/// Adds the endpoint.
void add_exporter(troupe_factories& factories, const settings& config);

/// Adds the one that asks Kubernetes for workloads, where that is set.
void add_workloads(troupe_factories& factories, const settings& config);

/// Adds a console that prints to `out`.
void add_console(troupe_factories& factories, const stream_options& options, int out);

/// Adds the console of `troupe events`, and has every runtime_metadata, whenever it is started,
/// tell it of all changes if it shows them.
void add_events_console(troupe_factories& factories, const events_options& options,
                        const output_streams& streams);

} // namespace troupe
