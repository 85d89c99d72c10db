// SPDX-License-Identifier: Apache-2.0
// Uses CAF: it stands between actors.
#pragma once

// Shared with: console
//
// What a recording holds beside the kernel's records is taken where it passes: each tap stands in
// for an actor, forwards everything, and copies the answers to the recorder. The actors themselves
// know nothing of recordings.

#include "actors/supervisor/gauged_actor.hpp"
#include "messages/actors.hpp"

#include <unordered_map>

namespace troupe {

struct host_tap_state {
  const char* name = "host_tap";
  host_actor host;
};

/// Ends when the host does.
host_actor::behavior_type host_tap(gauged_pointer<host_actor, host_tap_state> self,
                                   const host_actor& host, const recorder_actor& recorder);

/// The tap asks in its own name, so that the answers pass it.
using metadata_tap_actor = runtime_metadata_actor::extend_with<metadata_sink_actor>;

struct metadata_tap_state {
  struct question {
    cgroup_identity identity;
    metadata_sink_actor sink;
  };

  const char* name = "metadata_tap";
  runtime_metadata_actor metadata;
  std::unordered_map<container_key, question> questions;
};

/// Ends when the runtime_metadata does.
metadata_tap_actor::behavior_type
metadata_tap(gauged_pointer<metadata_tap_actor, metadata_tap_state> self,
             const runtime_metadata_actor& metadata, const recorder_actor& recorder);

} // namespace troupe
