// SPDX-License-Identifier: Apache-2.0
#include "actors/console/stop_signals.hpp"

#include "actors/console/output.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <condition_variable>
#include <csignal>
#include <cstdint>
#include <mutex>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <thread>
#include <unistd.h>

namespace troupe {

namespace {

sigset_t ending_signals() {
  sigset_t set{};
  ::sigemptyset(&set);
  ::sigaddset(&set, SIGINT);
  ::sigaddset(&set, SIGTERM);
  return set;
}

int remaining_ms(std::optional<std::chrono::steady_clock::time_point> deadline) {
  if (!deadline)
    return -1;
  const auto left =
      std::chrono::ceil<std::chrono::milliseconds>(*deadline - std::chrono::steady_clock::now());
  return static_cast<int>(std::clamp<int64_t>(left.count(), 0, 3'600'000));
}

} // namespace

stop_signals::stop_signals() : signals_(-1), wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  const auto set = ending_signals();
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
  signals_ = ::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

stop_signals::~stop_signals() {
  ::close(signals_);
  ::close(wake_);
}

stop_signals::cause
stop_signals::wait(std::optional<std::chrono::steady_clock::time_point> deadline) const {
  for (;;) {
    // poll() passes over a negative descriptor, and tells of errors unasked.
    std::array<pollfd, 3> ready{{{signals_, POLLIN, 0}, {wake_, POLLIN, 0}, {reader_, 0, 0}}};
    const int count = ::poll(ready.data(), ready.size(), remaining_ms(deadline));
    if (count < 0 && errno != EINTR)
      return cause::woken; // Descriptors that cannot be waited for: better an end than a loop.
    signalfd_siginfo info{};
    uint64_t wakes = 0;
    if (ready[0].revents != 0 && ::read(signals_, &info, sizeof(info)) > 0)
      return cause::signal;
    if (ready[1].revents != 0 && ::read(wake_, &wakes, sizeof(wakes)) > 0)
      return cause::woken;
    if ((ready[2].revents & (POLLERR | POLLHUP)) != 0)
      return cause::woken;
    if (deadline && std::chrono::steady_clock::now() >= *deadline)
      return cause::deadline;
  }
}

void stop_signals::wake_up() const {
  const uint64_t one = 1;
  static_cast<void>(!::write(wake_, &one, sizeof(one))); // It fails only when it is awake already.
}

struct end_by_force::watch {
  std::mutex mutex;
  std::condition_variable done_changed;
  bool done = false;
  std::thread thread;
};

end_by_force::end_by_force(std::chrono::milliseconds after, int code) : watch_(new watch) {
  watch_->thread = std::thread{[w = watch_, after, code] {
    std::unique_lock lock{w->mutex};
    if (w->done_changed.wait_for(lock, after, [w] { return w->done; }))
      return;
    say(STDERR_FILENO, "troupe: ended by force: a part of it did not end in time");
    ::_exit(code);
  }};
}

end_by_force::~end_by_force() {
  {
    const std::lock_guard lock{watch_->mutex};
    watch_->done = true;
  }
  watch_->done_changed.notify_one();
  watch_->thread.join();
  delete watch_;
}

} // namespace troupe
