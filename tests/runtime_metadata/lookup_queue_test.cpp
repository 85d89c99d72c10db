// SPDX-License-Identifier: Apache-2.0
#include "actors/runtime_metadata/lookup_queue.hpp"

#include <doctest/doctest.h>

using namespace troupe;
using namespace std::chrono_literals;

namespace {

const lookup_queue::time_point start{1h};
const container_query web{"web", ""};
const container_query db{"db", ""};

} // namespace

TEST_CASE("lookup queue: however often a container is asked for, it is asked about once") {
  lookup_queue queue;
  for (int i = 0; i < 1000; ++i)
    queue.ask(web, true, start);
  CHECK(queue.size() == 1);
  CHECK(queue.take(8, start) == std::vector{web});
  for (int i = 0; i < 1000; ++i)
    queue.ask(web, true, start);
  CHECK(queue.take(8, start).empty());
  CHECK(queue.in_flight() == 1);
  queue.finish(web, lookup_outcome::found, start);
  CHECK(queue.size() == 0);
}

TEST_CASE("lookup queue: not more are taken than are wanted") {
  lookup_queue queue;
  queue.ask(web, true, start);
  queue.ask(db, true, start);
  CHECK(queue.take(1, start) == std::vector{db});
  CHECK(queue.take(1, start) == std::vector{web});
  CHECK(queue.take(1, start).empty());
}

TEST_CASE("lookup queue: failures are repeated after 100 ms, 200 ms, ... 10 s, without end") {
  lookup_queue queue;
  auto now = start;
  queue.ask(web, true, now);
  for (auto pause : {100ms, 200ms, 400ms, 800ms, 1600ms, 3200ms, 6400ms, 10'000ms, 10'000ms}) {
    REQUIRE(queue.take(8, now).size() == 1);
    queue.finish(web, lookup_outcome::failed, now);
    CHECK(queue.next_due() == now + pause);
    CHECK(queue.take(8, now + pause - 1ms).empty());
    now += pause;
  }
  for (int i = 0; i < 1000; ++i) {
    REQUIRE(queue.take(8, now).size() == 1);
    queue.finish(web, lookup_outcome::failed, now);
    now += 10s;
  }
}

TEST_CASE(
    "lookup queue: a container that a healthy runtime does not know is asked for more slowly") {
  lookup_queue queue;
  queue.ask(web, true, start);
  CHECK(queue.take(8, start).size() == 1);
  queue.finish(web, lookup_outcome::unknown, start);
  CHECK(queue.next_due() == start + 500ms);
}

TEST_CASE("lookup queue: a question that is not persistent is asked once") {
  lookup_queue queue;
  queue.ask(web, false, start);
  CHECK(queue.take(8, start).size() == 1);
  queue.finish(web, lookup_outcome::failed, start);
  CHECK(queue.size() == 0);
}

TEST_CASE("lookup queue: an answer that is older than an event is stale and asked for again") {
  lookup_queue queue;
  queue.ask(web, false, start);
  queue.touch("web"); // Not in flight: the answer will be newer.
  CHECK(queue.take(8, start).size() == 1);
  CHECK_FALSE(queue.is_stale(web));
  queue.touch("web");
  CHECK(queue.is_stale(web));
  queue.finish(web, lookup_outcome::found, start);
  CHECK(queue.take(8, start) == std::vector{web});
  CHECK_FALSE(queue.is_stale(web));
}

TEST_CASE("lookup queue: who is dropped is forgotten, in flight as soon as the answer is there") {
  lookup_queue queue;
  queue.ask(web, true, start);
  queue.ask(db, true, start);
  CHECK(queue.take(1, start) == std::vector{db});
  queue.drop("db");
  queue.drop("web");
  CHECK(queue.in_flight() == 1);
  CHECK_FALSE(queue.next_due());
  queue.finish(db, lookup_outcome::failed, start);
  CHECK(queue.size() == 0);
}

TEST_CASE("lookup queue: who is wanted again while the dropped call runs is asked again") {
  lookup_queue queue;
  queue.ask(web, true, start);
  CHECK(queue.take(1, start).size() == 1);
  queue.drop("web");
  queue.ask(web, true, start);
  queue.finish(web, lookup_outcome::failed, start);
  CHECK(queue.next_due() == start + 100ms);
}

TEST_CASE("lookup queue: a runtime that is back is asked at once, and backoff begins anew") {
  lookup_queue queue;
  queue.ask(web, true, start);
  auto now = start;
  for (int i = 0; i < 10; ++i, now += 10s) {
    CHECK(queue.take(1, now).size() == 1);
    queue.finish(web, lookup_outcome::failed, now);
  }
  queue.wake_all(now - 5s);
  CHECK(queue.next_due() == now - 5s);
  CHECK(queue.take(1, now).size() == 1);
  queue.finish(web, lookup_outcome::failed, now);
  CHECK(queue.next_due() == now + 100ms);
}

TEST_CASE("lookup queue: backoff does not overflow") {
  CHECK(backoff(0, 100ms, 10s) == 100ms);
  CHECK(backoff(1'000'000, 100ms, 10s) == 10s);
}
