// SPDX-License-Identifier: Apache-2.0
#include "actors/console/stop_signals.hpp"

#include <doctest/doctest.h>

#include <array>
#include <csignal>
#include <fcntl.h>
#include <thread>
#include <unistd.h>

using namespace troupe;
using namespace std::chrono_literals;

TEST_CASE("stop: a signal, a wake-up and a deadline each end the wait") {
  stop_signals stop;
  const auto soon = std::chrono::steady_clock::now() + 5ms;
  CHECK(stop.wait(soon) == stop_signals::cause::deadline);
  CHECK(std::chrono::steady_clock::now() >= soon);

  std::thread other{[&] {
    stop.wake_up();
  }};
  CHECK(stop.wait(std::nullopt) == stop_signals::cause::woken);
  other.join();

  for (const int signal : {SIGTERM, SIGINT}) {
    ::kill(::getpid(), signal);
    CHECK(stop.wait(std::nullopt) == stop_signals::cause::signal);
  }
}

TEST_CASE("stop: a wake-up before the wait is not forgotten, and counts once") {
  stop_signals stop;
  stop.wake_up();
  stop.wake_up();
  CHECK(stop.wait(std::nullopt) == stop_signals::cause::woken);
  CHECK(stop.wait(std::chrono::steady_clock::now()) == stop_signals::cause::deadline);
}

TEST_CASE("stop: the end of who reads is an end of the wait") {
  std::array<int, 2> ends{};
  REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
  stop_signals stop;
  stop.watch_reader(ends[1]);
  CHECK(stop.wait(std::chrono::steady_clock::now()) == stop_signals::cause::deadline);
  ::close(ends[0]);
  CHECK(stop.wait(std::nullopt) == stop_signals::cause::woken);
  ::close(ends[1]);
}

TEST_CASE("stop: an end in time is no end by force") {
  const end_by_force watch{1h, 99};
}
