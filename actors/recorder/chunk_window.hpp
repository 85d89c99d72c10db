// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>

namespace troupe {

/// How many chunks may be on their way to the recorder. The reader asks at once and never waits:
/// credit by message would come too late for a source that hands on many chunks in one poll.
class chunk_window {
public:
  explicit chunk_window(uint32_t chunks) : left_(chunks) {}

  [[nodiscard]] bool try_take() {
    auto left = left_.load(std::memory_order_relaxed);
    while (left > 0)
      if (left_.compare_exchange_weak(left, left - 1, std::memory_order_relaxed))
        return true;
    return false;
  }

  void give_back(uint32_t chunks) { left_.fetch_add(chunks, std::memory_order_relaxed); }

private:
  std::atomic<uint32_t> left_;
};

} // namespace troupe
