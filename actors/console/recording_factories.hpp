// SPDX-License-Identifier: Apache-2.0
// Uses CAF: it says how the actors of a recording and of a replay are spawned.
#pragma once

#include "actors/host/cgroup_hierarchy.hpp"
#include "actors/recorder/recorder.hpp"
#include "actors/recorder/replay_source.hpp"
#include "actors/supervisor/supervisor.hpp"
#include "messages/settings.hpp"

#include <functional>

namespace troupe {

/// Adds a recorder to the actors of make_factories(), and lets events and answers pass it.
void add_recorder(troupe_factories& factories, const settings& config,
                  const cgroup_hierarchy& hierarchy, const recorder_options& options,
                  bool with_metadata);

/// Puts a recording in the place of the kernel, the host and the runtimes. `speed` as for
/// replay_source; `finished` is called once, by another thread.
void replace_machine(troupe_factories& factories, const settings& config,
                     recording_reader recording, double speed,
                     const std::function<void(const replay_progress&)>& finished);

} // namespace troupe
