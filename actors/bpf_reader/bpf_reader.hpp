// SPDX-License-Identifier: Apache-2.0
#pragma once

// Shared with: console

#include "actors/bpf_reader/bpf_reader_state.hpp"
#include "actors/bpf_reader/event_source.hpp"
#include "actors/host/cgroup_hierarchy.hpp"
#include "messages/actors.hpp"
#include "messages/settings.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <functional>
#include <memory>

namespace troupe {

/// Makes the source of events; called in the reader's own thread. Null: nothing can be read, the
/// reader ends with ec::kernel_unsupported.
using event_source_factory = std::function<std::unique_ptr<event_source>()>;

/// The running kernel.
[[nodiscard]] event_source_factory kernel_events(const settings& options,
                                                 const cgroup_hierarchy& hierarchy);

/// The reader of the running kernel. Spawn it detached: it sleeps in the ring's wait.
capturing_reader_actor::behavior_type
bpf_reader(gauged_pointer<capturing_reader_actor, bpf_reader_state> self, const settings& options,
           const cgroup_hierarchy& hierarchy, const registry_actor& registry);

/// The same on any source: a recording, or a test.
capturing_reader_actor::behavior_type
bpf_reader_of(gauged_pointer<capturing_reader_actor, bpf_reader_state> self,
              const settings& options, const event_source_factory& make_source,
              const registry_actor& registry);

} // namespace troupe
