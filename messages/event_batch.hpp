// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "messages/identity.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace troupe {

/// Events of one container: records of bpf/event.h back to back, in the order of the ring.
/// In-process only. Decode with actors/container/event_decoder.hpp.
struct event_batch {
  std::vector<std::byte> records;
  uint32_t count = 0;
  uint64_t first_time_ns = 0; ///< CLOCK_BOOTTIME of the oldest record: routing latency is measured
                              ///< from it; 0: not known, the event is not of this boot
  /// Data records dropped for this container since the last batch, because it gave no credit.
  uint32_t dropped = 0;
};

/// A container gives its producer leave to send so many more batches.
struct credit {
  container_key container = 0;
  uint32_t batches = 1;
};

template <class Inspector>
auto inspect(Inspector& f, credit& x) {
  return f(x.container, x.batches);
}

} // namespace troupe
