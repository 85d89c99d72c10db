// SPDX-License-Identifier: Apache-2.0
// Uses CAF: these are actors.
#pragma once

// Shared with: console
//
// The machine and the runtimes of a replay: they know what the recording has told so far.

#include "actors/supervisor/gauged_actor.hpp"
#include "messages/actors.hpp"

#include <deque>
#include <map>
#include <string>
#include <tuple>
#include <unordered_map>

namespace troupe {

struct replay_host_state {
  const char* name = "replay_host";
  node_info node;
  std::unordered_map<cgroup_id, cgroup_found> cgroups;
};

replay_host_actor::behavior_type
replay_host(gauged_pointer<replay_host_actor, replay_host_state> self, const node_info& node);

struct replay_metadata_state {
  /// As a recording has it: by runtime, namespace and id.
  using container = std::tuple<runtime_kind, std::string, std::string>;
  struct question {
    container_key key = 0;
    metadata_sink_actor sink;
  };

  const char* name = "replay_metadata";
  std::map<container, recorded_metadata> answers;
  std::deque<container> removed; ///< the newest; a fast replay asks late
  std::map<container, question> questions;
  std::unordered_map<container_key, container> asked;
};

replay_metadata_actor::behavior_type
replay_metadata(gauged_pointer<replay_metadata_actor, replay_metadata_state> self);

} // namespace troupe
