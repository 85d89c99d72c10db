// SPDX-License-Identifier: Apache-2.0
#include "actors/container/container_account.hpp"

#include "tests/container/records.hpp"

#include <doctest/doctest.h>

using namespace troupe;

namespace {

/// A provisional container and the one that it turns out to be.
struct fixture {
  container_account provisional{2, {}};
  container_account target{1, {}};
  record_writer w;

  void to_provisional() { provisional.consume(w.take(), w.now_ns); }
  void to_target() { target.consume(w.take(), w.now_ns); }
  destination_stats merged() {
    target.merge(provisional.hand_over());
    return outbound();
  }
  destination_stats outbound() {
    const auto s = target.snapshot();
    REQUIRE(s.outbound.size() == 1);
    return s.outbound[0];
  }
};

} // namespace

TEST_CASE_FIXTURE(fixture, "merge: counters add up, and live connections go on") {
  const test_connection a{.cookie = 1};
  const test_connection b{.cookie = 2};
  w.opened(a).closed(a, {.sent = 10}).connect_failed({.cookie = 9, .flags = 0, .opened_ns = 0});
  to_target();
  w.opened(b).progress(b, {.sent = 100, .srtt_us = 400});
  to_provisional();
  auto s = merged();
  CHECK(s.successful_connects == 2);
  CHECK(s.failed_connects == 1);
  CHECK(s.active_connections == 1);
  CHECK(s.bytes_sent == 110);
  CHECK(s.rtt.counts[0] == 1);
  w.closed(b, {.sent = 150});
  to_target();
  s = outbound();
  CHECK(s.active_connections == 0);
  CHECK(s.bytes_sent == 160);
  CHECK(s.successful_connects == 2);
}

TEST_CASE_FIXTURE(fixture, "merge: a connection whose records went to both counts once") {
  const test_connection c{.connect_ns = 5};
  w.opened(c).progress(c, {.sent = 60, .received = 6, .retransmits = 2});
  to_provisional();
  uint64_t active = 0;
  SUBCASE("the close came to the target first") {
    w.closed(c, {.sent = 100, .received = 10, .retransmits = 3});
    to_target();
  }
  SUBCASE("progress came to the target first, then the close after the merge") {
    w.progress(c, {.sent = 100, .received = 10, .retransmits = 3});
    to_target();
    active = 1;
  }
  SUBCASE("the provisional one knows more, and that it is over") {
    w.progress(c, {.sent = 70});
    to_target();
    w.closed(c, {.sent = 100, .received = 10, .retransmits = 3});
    to_provisional();
  }
  const auto s = merged();
  CHECK(s.successful_connects == 1);
  CHECK(s.connection_time_ns == 5);
  CHECK(s.active_connections == active);
  CHECK(s.bytes_sent == 100);
  CHECK(s.bytes_received == 10);
  CHECK(s.retransmits == 3);
  w.closed(c, {.sent = 100, .received = 10, .retransmits = 3});
  to_target();
  CHECK(outbound().active_connections == 0);
  CHECK(outbound().bytes_sent == 100);
  CHECK(outbound().successful_connects == 1);
}

TEST_CASE_FIXTURE(fixture, "merge: what was closed before stays closed, also for late records") {
  const test_connection c;
  w.opened(c).closed(c, {.sent = 10});
  const auto batch = w.take();
  provisional.consume(batch, w.now_ns);
  CHECK(merged().successful_connects == 1);
  target.consume(batch, w.now_ns);
  CHECK(outbound().successful_connects == 1);
  CHECK(outbound().bytes_sent == 10);
}

TEST_CASE_FIXTURE(fixture, "merge: two lives of one socket are two connections") {
  test_connection c;
  w.opened(c).closed(c, {.sent = 10});
  to_provisional();
  c.opened_ns = w.now_ns + 1;
  w.opened(c).progress(c, {.sent = 1});
  to_target();
  const auto s = merged();
  CHECK(s.successful_connects == 2);
  CHECK(s.active_connections == 1);
  CHECK(s.bytes_sent == 11);
}

TEST_CASE_FIXTURE(fixture, "merge: inbound connections, listens and processes move as well") {
  test_connection c{.direction = TCP_INBOUND};
  w.executed({1, 1}, "docker-proxy").executed({2, 2}, "gone").opened(c).progress(c, {.sent = 5});
  w.listen_opened(7, "0.0.0.0", 80, {1, 1}).listen_opened(8, "0.0.0.0", 81, {1, 1});
  to_provisional();
  w.exited({2, 2}).listen_closed(8, "0.0.0.0", 81).closed(c, {.sent = 6});
  to_target(); // Of these the target knew nothing, and yet they end what the other had.
  target.merge(provisional.hand_over());
  const auto s = target.snapshot();
  CHECK(s.processes == 1);
  REQUIRE(s.listens.size() == 1);
  CHECK(s.listens[0].listen_addr == "0.0.0.0:80");
  CHECK(s.listens[0].proxy == "docker-proxy");
  REQUIRE(s.inbound.size() == 1);
  CHECK(s.inbound[0].connects == 1);
  CHECK(s.inbound[0].active_connections == 0);
  CHECK(s.inbound[0].bytes_sent == 6);
}

TEST_CASE_FIXTURE(fixture, "merge: set-up processes stay what they are") {
  w.moved({1, 1}).forked({2, 2}, {1, 1});
  to_provisional();
  target.merge(provisional.hand_over());
  CHECK(target.snapshot().processes == 0);
  w.executed({2, 2}, "nginx");
  to_target();
  CHECK(target.snapshot().processes == 1);
}

TEST_CASE_FIXTURE(fixture, "merge: restarts, OOM kills, events and losses add up") {
  target.join({1, 0, true});
  provisional.join({2, 0, false});
  w.exited({1, 1}, 0, true).exited({2, 2}, 0, true);
  auto batch = w.take();
  batch.dropped = 4;
  batch.first_time_ns = 1;
  provisional.consume(batch, 2);
  w.exited({3, 3}, 0, true);
  to_target();
  target.merge(provisional.hand_over());
  const auto s = target.snapshot();
  CHECK(s.restarts == 1);
  CHECK(s.oom_kills == 3);
  CHECK(s.events == 3);
  CHECK(s.events_dropped == 4);
  CHECK(s.route_latency.counts[0] == 1);
  CHECK(s.route_latency.sum_ns == 1);
}

TEST_CASE_FIXTURE(fixture, "merge: what the target inherits ends with the cgroups it knows of") {
  target.join({1, 0, false});
  provisional.join({2, 0, false});
  target.join({2, 0, false});
  w.executed({1, 1}, "a");
  to_provisional();
  target.leave({1, 0});
  SUBCASE("the last one is gone before the state comes") {
    target.leave({2, 0});
    for (int i = 0; i < 5; ++i)
      target.tick();
    target.merge(provisional.hand_over());
    CHECK(target.snapshot().processes == 1); // Its last records may be on their way.
    for (int i = 0; i < 5; ++i)
      target.tick();
    CHECK(target.snapshot().processes == 0);
    return;
  }
  target.merge(provisional.hand_over());
  for (int i = 0; i < 5; ++i)
    target.tick();
  CHECK(target.snapshot().processes == 1);
}

TEST_CASE_FIXTURE(fixture, "merge: nothing is left behind") {
  w.opened({}).executed({1, 1}, "a").listen_opened(1, "::", 1);
  to_provisional();
  provisional.name({});
  target.merge(provisional.hand_over());
  const auto s = provisional.snapshot();
  CHECK_FALSE(s.exported);
  CHECK(s.processes == 0);
  CHECK(s.listens.empty());
  CHECK(s.outbound.empty());
  CHECK(s.events == 0);
}

TEST_CASE("merge: peers of nobody's address stay ~other where the target is full as well") {
  container_account provisional{2, {.destinations_max = 2}};
  container_account target{1, {.destinations_max = 2}};
  record_writer w;
  const auto inbound = [&w](uint64_t cookie, uint16_t local_port) {
    test_connection c{.cookie = cookie, .direction = TCP_INBOUND};
    c.ends.local_port = local_port;
    w.opened(c);
  };
  for (uint16_t port = 1; port <= 100; ++port)
    inbound(port, port);
  const auto many = w.take();
  provisional.consume(many, w.now_ns);
  inbound(501, 1001);
  inbound(502, 1002);
  const auto few = w.take();
  target.consume(few, w.now_ns);
  target.merge(provisional.hand_over());
  const auto s = target.snapshot();
  uint64_t others = 0;
  uint64_t connects = 0;
  for (const auto& x : s.inbound) {
    CHECK(x.listen_addr != "[::]:0");
    others += x.listen_addr == "~other" ? 1 : 0;
    connects += x.connects;
  }
  CHECK(others == 1);
  CHECK(connects == 102);
}

TEST_CASE("merge: destinations over the target's bound go to ~other and keep their counts") {
  container_account provisional{2, {.destinations_max = 5}};
  container_account target{1, {.destinations_max = 2}};
  record_writer w;
  for (uint16_t i = 1; i <= 4; ++i) {
    test_connection c{.cookie = i};
    c.ends.remote_port = i;
    w.opened(c).progress(c, {.sent = 10});
  }
  const auto batch = w.take();
  provisional.consume(batch, w.now_ns);
  target.merge(provisional.hand_over());
  auto s = target.snapshot();
  REQUIRE(s.outbound.size() == 3);
  CHECK(s.outbound[2].destination == "~other");
  CHECK(s.outbound[2].bytes_sent == 20);
  CHECK(s.outbound[2].active_connections == 2);
  CHECK(s.series_overflow == 2);
  test_connection last{.cookie = 4};
  last.ends.remote_port = 4;
  w.closed(last, {.sent = 15});
  target.consume(w.take(), w.now_ns);
  s = target.snapshot();
  CHECK(s.outbound[2].bytes_sent == 25);
  CHECK(s.outbound[2].active_connections == 1);
}
