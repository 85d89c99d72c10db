// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

namespace troupe {

/// What the kernel says of this process; 0 where it says nothing.
struct process_usage {
  uint64_t cpu_ns = 0;
  uint64_t resident_bytes = 0;
  uint64_t virtual_bytes = 0;
  uint64_t open_fds = 0;
  uint64_t max_fds = 0;
  uint64_t threads = 0;
  uint64_t start_time_ns = 0; ///< Unix time
};

/// `proc` is the directory of procfs. Reads of one's own /proc/self do not block.
process_usage read_process_usage(const std::string& proc = "/proc");

/// Time since boot, sleep included.
uint64_t uptime_ns();

} // namespace troupe
