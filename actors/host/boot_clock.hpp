// SPDX-License-Identifier: Apache-2.0
#pragma once

// Shared with: bpf_reader, console, container, recorder, runtime_metadata

// The kernel stamps events with CLOCK_BOOTTIME, people read Unix time. A plain header that every
// owner of an event's time includes.

#include <cstdint>
#include <ctime>

namespace troupe {

inline int64_t read_clock_ns(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now); // Fails only for clocks that do not exist.
  return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

/// CLOCK_BOOTTIME now: it goes on while the machine sleeps, unlike CLOCK_MONOTONIC.
inline uint64_t boot_time_now_ns() {
  return static_cast<uint64_t>(read_clock_ns(CLOCK_BOOTTIME));
}

/// Unix time of CLOCK_BOOTTIME's zero. It moves when somebody sets the clock, so ask again for
/// each batch rather than once.
inline int64_t boot_to_unix_offset_ns() {
  return read_clock_ns(CLOCK_REALTIME) - read_clock_ns(CLOCK_BOOTTIME);
}

inline int64_t to_unix_ns(uint64_t boot_time_ns) {
  return static_cast<int64_t>(boot_time_ns) + boot_to_unix_offset_ns();
}

} // namespace troupe
