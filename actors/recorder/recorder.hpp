// SPDX-License-Identifier: Apache-2.0
#pragma once

// Shared with: console

#include "actors/recorder/chunk_window.hpp"
#include "actors/recorder/recording_log.hpp"
#include "actors/supervisor/gauged_actor.hpp"
#include "messages/actors.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace troupe {

struct recorder_options {
  std::string path;
  recording_limits limits;
  std::string agent_version;
  node_info node;
  /// Called once, in the recorder's thread: when the recording has ended, or cannot go on.
  std::function<void(const recorder_status&)> on_end;
};

struct recorder_state {
  const char* name = "recorder";
  recorder_options options;
  std::shared_ptr<chunk_window> window;
  std::optional<recording_log> log;
  bpf_reader_actor reader; ///< while it lives
  bool ending = false;
  bool told = false;
};

/// Writes one recording. It ends when it is told to and its reader has ended, whose last records it
/// still takes; or at the first error. Spawn it detached.
recorder_actor::behavior_type recorder(gauged_pointer<recorder_actor, recorder_state> self,
                                       const recorder_options& options,
                                       const std::shared_ptr<chunk_window>& window);

} // namespace troupe
