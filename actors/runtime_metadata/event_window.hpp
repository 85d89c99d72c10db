// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <semaphore>
#include <stop_token>

namespace troupe {

/// How many events of one runtime may be under way to runtime_metadata. A runtime that floods us
/// has to wait in its socket, and no mailbox grows. Not a credit message: the watcher's thread sits
/// inside the event stream and reads no mailbox there.
class event_window {
public:
  static constexpr std::ptrdiff_t events = 512;

  /// Waits for leave to send one event; false when a stop is requested.
  bool enter(const std::stop_token& stop) {
    using namespace std::chrono_literals;
    while (!stop.stop_requested())
      if (free_.try_acquire_for(100ms))
        return true;
    return false;
  }

  /// One event was taken in.
  void leave() { free_.release(); }

private:
  std::counting_semaphore<events> free_{events};
};

} // namespace troupe
