// SPDX-License-Identifier: Apache-2.0
#pragma once

// Shared with: all
//
// What an actor does, for others to read without its help: the actor that hangs is the one that
// somebody looks for. See docs/adr/0007-actor-gauges.md.

#include <atomic>
#include <cstdint>
#include <ctime>
#include <mutex>
#include <string>

namespace troupe {

/// CLOCK_MONOTONIC to some milliseconds, in 5 ns instead of 25: good enough for "how long ago".
inline uint64_t coarse_time_ns() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(now.tv_nsec);
}

/// A gauge as it was read at one moment. Its numbers are not of one instant: messages come and go
/// while they are read.
struct gauge_reading {
  uint64_t messages = 0;       ///< taken out of the mailbox, the one that is being handled included
  uint64_t mailbox = 0;        ///< waiting
  uint64_t batches = 0;        ///< of events, taken in (container) or sent (reader)
  uint64_t credit_used = 0;    ///< batches that its producer sent and did not get back
  uint64_t credit_granted = 0; ///< how many there may be; 0: it has no credit
  std::string label;           ///< who it is beside its name: a container's id; or empty
  std::string last_message;    ///< the type of the last message taken; empty: none yet
  uint64_t last_message_age_ns = 0;
  bool running = false;    ///< it has a thread now, and is handling last_message if it hangs
  uint64_t waiting_ns = 0; ///< for so long there is something to do and no message was begun
};

/// One for each actor, made with it. Who writes what:
///   - whoever sends to the actor: came();
///   - the actor itself: taken(), resumed(), paused(), label() and counted();
///   - a container's producer: its credit.
/// Nothing is done per event, and nothing waits.
class actor_gauge {
public:
  /// Before the message is in the mailbox: else it could be taken before it came.
  void came() {
    const auto before = came_.fetch_add(1, std::memory_order_relaxed);
    if (before == taken_.load(std::memory_order_relaxed))
      first_waits_since_.store(coarse_time_ns(), std::memory_order_relaxed);
  }

  /// A message's handler begins. `type`: see gauged_actor.hpp.
  void taken(uint64_t type) {
    taken_.store(taken_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    last_type_.store(type, std::memory_order_relaxed);
    last_at_.store(coarse_time_ns(), std::memory_order_relaxed);
  }

  void resumed() { running_.store(true, std::memory_order_relaxed); }
  void paused() { running_.store(false, std::memory_order_relaxed); }

  void counted_batch() {
    batches_.store(batches_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  }

  /// By the producer alone.
  void set_credit(uint64_t used, uint64_t granted) {
    credit_used_.store(used, std::memory_order_relaxed);
    credit_granted_.store(granted, std::memory_order_relaxed);
  }
  [[nodiscard]] uint64_t credit_used() const {
    return credit_used_.load(std::memory_order_relaxed);
  }

  void label(std::string text) {
    const std::lock_guard lock{label_mutex_};
    label_ = std::move(text);
  }

  /// From any thread. `name_of_type` turns what taken() got into a text.
  [[nodiscard]] gauge_reading read(uint64_t now_ns, std::string (*name_of_type)(uint64_t)) const;

private:
  // Senders write here, from many threads...
  alignas(64) std::atomic<uint64_t> came_{0};
  std::atomic<uint64_t> first_waits_since_{0}; ///< when the mailbox last went from empty to not
  // ... the actor here, and only here.
  alignas(64) std::atomic<uint64_t> taken_{0};
  std::atomic<uint64_t> last_type_{0};
  std::atomic<uint64_t> last_at_{0};
  std::atomic<uint64_t> batches_{0};
  std::atomic<bool> running_{false};
  // Its producer.
  alignas(64) std::atomic<uint64_t> credit_used_{0};
  std::atomic<uint64_t> credit_granted_{0};
  mutable std::mutex label_mutex_;
  std::string label_;
};

} // namespace troupe
