// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "messages/agent_status.hpp"
#include "messages/container_metadata.hpp"
#include "messages/identity.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace troupe {

/// The source of events that is recorded was opened, and gives these features.
struct recording_started {
  std::vector<feature_status> features;
};

/// Records of bpf/event.h back to back, as they came. In-process only.
struct recording_chunk {
  std::vector<std::byte> records;
};

/// What was lost on the way to the recording so far, in the kernel and before the recorder.
struct recording_losses {
  std::vector<loss_count> losses;
};

/// What a runtime said: the cgroup identity that was asked for and the answer.
struct recorded_metadata {
  cgroup_identity asked;
  container_metadata answer;
  bool removed = false; ///< the runtime forgot the container
};

/// How far a recording is.
struct recorder_status {
  uint64_t records = 0; ///< written
  uint64_t cgroups = 0; ///< that were there or were made meanwhile
  uint64_t bytes = 0;   ///< of all files
  uint64_t files = 0;   ///< that were begun
  std::string error;    ///< why it ended early, for a user; empty while all is well
};

} // namespace troupe
