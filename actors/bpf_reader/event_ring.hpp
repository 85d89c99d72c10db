// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/bpf_reader/event_source.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>

struct ring_buffer;

namespace troupe {

/// The consumer of the ring `events`.
class event_ring {
public:
  /// Of the map's file descriptor; with -1 there is no ring and nothing ever comes.
  explicit event_ring(int map_fd);
  ~event_ring();
  event_ring(const event_ring&) = delete;
  event_ring& operator=(const event_ring&) = delete;

  /// Sleeps until the kernel wakes us because much is unread, but at most so long.
  void wait(std::chrono::milliseconds limit);

  /// Gives what is there to the sink, until the ring is empty or a record is younger than
  /// `until_ns` (CLOCK_BOOTTIME) or so many records were given; returns how many.
  uint64_t drain(record_sink& sink, uint64_t until_ns = UINT64_MAX,
                 uint64_t records_max = UINT64_MAX);

private:
  struct free_ring {
    void operator()(ring_buffer* x) const;
  };

  static int take(void* self, void* data, size_t size);

  std::unique_ptr<ring_buffer, free_ring> ring_;
  int epoll_fd_ = -1;
  record_sink* sink_ = nullptr;
  uint64_t until_ns_ = 0;
  uint64_t left_ = 0;
};

} // namespace troupe
