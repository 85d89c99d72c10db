// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>

namespace troupe {

/// Where a command waits for its end: SIGINT and SIGTERM, somebody's wake_up(), nobody who reads,
/// or a deadline. Blocks the two signals for the calling thread and those that it starts later.
class stop_signals {
public:
  enum class cause { signal, woken, deadline }; ///< woken: also when nobody reads any more

  stop_signals();
  ~stop_signals();
  stop_signals(const stop_signals&) = delete;
  stop_signals& operator=(const stop_signals&) = delete;

  /// The end of the pipe or terminal behind `fd` is an end of the wait too: `troupe trace | head`
  /// ends with head, not with the next event.
  void watch_reader(int fd) { reader_ = fd; }

  /// Waits; no deadline: for ever. A wake_up() before the call counts.
  [[nodiscard]] cause wait(std::optional<std::chrono::steady_clock::time_point> deadline) const;

  /// Ends a wait(), once. From any thread.
  void wake_up() const;

private:
  int signals_;
  int wake_;
  int reader_ = -1;
};

/// Ends the process at once, with `code`, unless destroyed within the time: the end of the actors
/// must not hang on one that waits for a terminal, a dead mount or a socket.
class end_by_force {
public:
  end_by_force(std::chrono::milliseconds after, int code);
  ~end_by_force();
  end_by_force(const end_by_force&) = delete;
  end_by_force& operator=(const end_by_force&) = delete;

private:
  struct watch;
  watch* watch_;
};

} // namespace troupe
