// SPDX-License-Identifier: Apache-2.0

#include "actors/gc_ticker/gc_ticker.hpp"
#include "tests/deterministic_system.hpp"

#include <doctest/doctest.h>

using namespace troupe;
using namespace std::chrono_literals;

namespace {

struct ticker_world : deterministic_system {
  tick_target_actor make_target(size_t& ticks) {
    return spawn([&ticks](tick_target_actor::pointer) -> tick_target_actor::behavior_type {
      return {[&ticks](const tick&) {
        ++ticks;
      }};
    });
  }
};

} // namespace

TEST_CASE_FIXTURE(ticker_world, "gc ticker: every target gets a tick at every interval") {
  size_t first = 0;
  size_t second = 0;
  spawn(gc_ticker, 5s, std::vector{make_target(first), make_target(second)});
  run();
  CHECK(first == 0);
  advance(4999ms);
  CHECK(first == 0);
  advance(1ms);
  CHECK(first == 1);
  advance(5s);
  advance(5s);
  CHECK(first == 3);
  CHECK(second == 3);
}

TEST_CASE_FIXTURE(ticker_world, "gc ticker: a tick from outside does not start a second clock") {
  size_t ticks = 0;
  auto ticker = spawn(gc_ticker, 5s, std::vector{make_target(ticks)});
  self->send(ticker, tick{});
  run();
  CHECK(ticks == 1);
  advance(5s);
  CHECK(ticks == 2);
  advance(5s);
  CHECK(ticks == 3);
}

TEST_CASE_FIXTURE(ticker_world,
                  "gc ticker: a new target joins, once; one that ended is forgotten") {
  size_t ticks = 0;
  auto target = make_target(ticks);
  auto ticker = spawn(gc_ticker, 5s, std::vector<tick_target_actor>{});
  self->send(ticker, target);
  self->send(ticker, target);
  run();
  advance(5s);
  CHECK(ticks == 1);
  caf::anon_send_exit(target, caf::exit_reason::kill);
  run();
  advance(5s);
  CHECK(ticks == 1);
}

TEST_CASE_FIXTURE(ticker_world, "gc ticker: an interval of nothing is not a busy loop") {
  size_t ticks = 0;
  spawn(gc_ticker, 0ms, std::vector{make_target(ticks)});
  run();
  CHECK(ticks == 0);
  advance(1ms);
  CHECK(ticks == 1);
}
