// SPDX-License-Identifier: Apache-2.0
#include "actors/container/connection_ledger.hpp"

#include "tests/container/account_fixture.hpp"

#include <limits>

using namespace troupe;

TEST_CASE_FIXTURE(account_fixture,
                  "connections: an open counts a connect, its time and an active one") {
  w.opened({.connect_ns = 3'000'000});
  const auto s = outbound();
  CHECK(s.destination == "10.0.0.2:80");
  CHECK(s.actual_destination == "10.0.0.2:80");
  CHECK(s.successful_connects == 1);
  CHECK(s.connection_time_ns == 3'000'000);
  CHECK(s.active_connections == 1);
  CHECK(s.failed_connects == 0);
}

TEST_CASE_FIXTURE(account_fixture,
                  "connections: one older than the agent is active, but no new connect") {
  const test_connection c{.flags = TCP_FLAG_ESTABLISHED | TCP_FLAG_PREEXISTING, .opened_ns = 0};
  w.opened(c).progress(c, {.sent = 10, .received = 20});
  auto s = outbound();
  CHECK(s.successful_connects == 0);
  CHECK(s.connection_time_ns == 0);
  CHECK(s.active_connections == 1);
  CHECK(s.bytes_sent == 10);
  w.closed(c, {.sent = 11, .received = 20});
  s = outbound();
  CHECK(s.successful_connects == 0);
  CHECK(s.active_connections == 0);
  CHECK(s.bytes_sent == 11);
}

TEST_CASE_FIXTURE(account_fixture,
                  "connections: a failed connect counts as failed, with its retransmits") {
  w.connect_failed({.flags = 0, .opened_ns = 0}, {.retransmits = 3});
  const auto s = outbound();
  CHECK(s.failed_connects == 1);
  CHECK(s.retransmits == 3);
  CHECK(s.successful_connects == 0);
  CHECK(s.active_connections == 0);
  CHECK(s.connection_time_ns == 0);
}

TEST_CASE_FIXTURE(account_fixture,
                  "connections: a socket that tries again after a failure fails twice") {
  test_connection c{.flags = 0, .opened_ns = 0};
  w.connect_failed(c).connect_failed(c);
  flush();
  c.flags = TCP_FLAG_ESTABLISHED;
  c.opened_ns = w.now_ns + 1;
  w.opened(c).closed(c, {.sent = 5});
  const auto s = outbound();
  CHECK(s.failed_connects == 2);
  CHECK(s.successful_connects == 1);
  CHECK(s.active_connections == 0);
  CHECK(s.bytes_sent == 5);
}

TEST_CASE_FIXTURE(account_fixture, "connections: the same failure told twice fails once") {
  w.connect_failed({.flags = 0, .opened_ns = 0}, {.retransmits = 2});
  const auto batch = w.take();
  account.consume(batch, w.now_ns);
  account.consume(batch, w.now_ns);
  CHECK(outbound().failed_connects == 1);
  CHECK(outbound().retransmits == 2);
}

TEST_CASE_FIXTURE(account_fixture, "connections: progress and close count each byte once") {
  const test_connection c;
  w.opened(c).progress(c, {.sent = 100, .received = 1000, .retransmits = 1});
  w.progress(c, {.sent = 100, .received = 5000, .retransmits = 1});
  auto s = outbound();
  CHECK(s.bytes_sent == 100);
  CHECK(s.bytes_received == 5000);
  CHECK(s.retransmits == 1);
  w.closed(c, {.sent = 130, .received = 5001, .retransmits = 4});
  s = outbound();
  CHECK(s.bytes_sent == 130);
  CHECK(s.bytes_received == 5001);
  CHECK(s.retransmits == 4);
  CHECK(s.active_connections == 0);
}

TEST_CASE_FIXTURE(account_fixture, "connections: totals that go back are never a negative count") {
  const test_connection c;
  w.opened(c).progress(c, {.sent = 100, .received = 100, .retransmits = 5});
  w.progress(c, {.sent = 50, .received = 0, .retransmits = 1}).closed(c, {.sent = 101});
  const auto s = outbound();
  CHECK(s.bytes_sent == 101);
  CHECK(s.bytes_received == 100);
  CHECK(s.retransmits == 5);
}

TEST_CASE_FIXTURE(account_fixture,
                  "connections: after a restart of the kernel side totals count anew") {
  test_connection c;
  w.opened(c).progress(c, {.sent = 1000, .received = 10});
  c.flags |= TCP_FLAG_PREEXISTING;
  c.opened_ns = 0;
  w.opened(c).progress(c, {.sent = 40, .received = 2}).closed(c, {.sent = 50, .received = 2});
  const auto s = outbound();
  CHECK(s.successful_connects == 1);
  CHECK(s.bytes_sent == 1050);
  CHECK(s.bytes_received == 12);
  CHECK(s.active_connections == 0);
}

TEST_CASE_FIXTURE(account_fixture, "connections: progress of an unknown one opens it") {
  const test_connection c;
  w.progress(c, {.sent = 7});
  auto s = outbound();
  CHECK(s.successful_connects == 1);
  CHECK(s.connection_time_ns == c.connect_ns);
  CHECK(s.active_connections == 1);
  CHECK(s.bytes_sent == 7);
  w.opened(c); // Late.
  CHECK(outbound().successful_connects == 1);
}

TEST_CASE_FIXTURE(account_fixture,
                  "connections: the close of an unknown one counts open and close") {
  w.closed({}, {.sent = 10, .received = 20, .retransmits = 1});
  const auto s = outbound();
  CHECK(s.successful_connects == 1);
  CHECK(s.active_connections == 0);
  CHECK(s.bytes_sent == 10);
  CHECK(s.bytes_received == 20);
  CHECK(s.retransmits == 1);
}

TEST_CASE_FIXTURE(account_fixture, "connections: one that was never established is none") {
  const test_connection c{.flags = 0, .opened_ns = 0};
  w.closed(c, {.sent = 10}).progress(c, {.sent = 10});
  CHECK(snapshot().outbound.empty());
}

TEST_CASE_FIXTURE(account_fixture,
                  "connections: close before open, and everything twice, counts once") {
  const test_connection c;
  w.closed(c, {.sent = 10, .srtt_us = 100}).opened(c).closed(c, {.sent = 10, .srtt_us = 100});
  w.progress(c, {.sent = 10, .srtt_us = 100}).opened(c);
  const auto s = outbound();
  CHECK(s.successful_connects == 1);
  CHECK(s.active_connections == 0);
  CHECK(s.bytes_sent == 10);
  CHECK(s.rtt.counts[0] == 1);
}

TEST_CASE_FIXTURE(account_fixture, "connections: an open told twice counts once") {
  w.opened({}).opened({});
  CHECK(outbound().successful_connects == 1);
  CHECK(outbound().active_connections == 1);
}

TEST_CASE_FIXTURE(account_fixture,
                  "connections: found by the first walk, then opened, is one new connect") {
  w.opened({.flags = TCP_FLAG_ESTABLISHED | TCP_FLAG_PREEXISTING, .opened_ns = 0});
  w.opened({.connect_ns = 5});
  const auto s = outbound();
  CHECK(s.successful_connects == 1);
  CHECK(s.connection_time_ns == 5);
  CHECK(s.active_connections == 1);
}

TEST_CASE_FIXTURE(account_fixture,
                  "connections: a socket that is connected again is a second connection") {
  test_connection c;
  w.opened(c).closed(c, {.sent = 10});
  flush();
  c.opened_ns = w.now_ns + 1;
  w.now_ns += 1000;
  SUBCASE("told by its open") {
    w.opened(c).closed(c, {.sent = 4});
  }
  SUBCASE("told by its close alone") {
    w.closed(c, {.sent = 4});
  }
  SUBCASE("told by progress") {
    w.progress(c, {.sent = 3}).closed(c, {.sent = 4});
  }
  const auto s = outbound();
  CHECK(s.successful_connects == 2);
  CHECK(s.active_connections == 0);
  CHECK(s.bytes_sent == 14);
}

TEST_CASE_FIXTURE(account_fixture,
                  "connections: connected again while the close in between was lost") {
  test_connection c;
  w.opened(c);
  c.opened_ns += second_ns;
  w.opened(c);
  CHECK(outbound().successful_connects == 2);
  CHECK(outbound().active_connections == 1);
}

TEST_CASE_FIXTURE(account_fixture, "connections: a reset is counted, once, at the close") {
  test_connection c;
  w.opened(c);
  c.flags |= TCP_FLAG_RESET;
  w.closed(c).closed(c);
  CHECK(outbound().resets == 1);
}

TEST_CASE_FIXTURE(account_fixture,
                  "connections: each tick and the close give a sample of the RTT") {
  const test_connection c;
  w.opened(c).progress(c, {.srtt_us = 300}).progress(c, {.srtt_us = 800});
  w.closed(c, {.srtt_us = 3000}).progress(c, {.srtt_us = 1});
  const auto s = snapshot();
  const auto& rtt = s.outbound[0].rtt;
  CHECK(rtt.counts[0] == 1);
  CHECK(rtt.counts[1] == 1);
  CHECK(rtt.counts[3] == 1);
  CHECK(rtt.sum_ns == 4'100'000);
  REQUIRE(s.latencies.size() == 1);
  CHECK(s.latencies[0].destination_ip == "10.0.0.2");
  CHECK(s.latencies[0].rtt_ns == 3'000'000);
}

TEST_CASE_FIXTURE(account_fixture,
                  "connections: the latency of an IP is that of its newest sample") {
  const test_connection a{.cookie = 1};
  const test_connection b{.cookie = 2, .ends = endpoints("10.0.0.1", 40001, "10.0.0.2", 443)};
  w.progress(a, {.srtt_us = 100}).progress(b, {.srtt_us = 900}).progress(a, {.srtt_us = 500});
  const auto s = snapshot();
  REQUIRE(s.latencies.size() == 1);
  CHECK(s.latencies[0].rtt_ns == 500'000);
}

TEST_CASE_FIXTURE(account_fixture,
                  "connections: inbound ones count by local address and by the peer's IP") {
  w.opened(inbound_connection(1)).opened(inbound_connection(2));
  w.closed(inbound_connection(1), {.sent = 500, .received = 40, .srtt_us = 100});
  const auto s = inbound();
  CHECK(s.listen_addr == "10.0.0.1:8080");
  CHECK(s.peer == "10.0.0.9");
  CHECK(s.connects == 2);
  CHECK(s.active_connections == 1);
  CHECK(s.bytes_sent == 500);
  CHECK(s.bytes_received == 40);
  CHECK(s.rtt.counts[0] == 1);
  CHECK(snapshot().outbound.empty());
  CHECK(snapshot().latencies.empty());
}

TEST_CASE_FIXTURE(account_fixture,
                  "connections: 100 connects of 1,000 bytes and 10 refused ones, exactly") {
  for (uint64_t i = 1; i <= 100; ++i) {
    const test_connection c{.cookie = i, .connect_ns = 1000};
    w.opened(c);
    if (i % 3 == 0)
      w.progress(c, {.sent = 600, .received = 1});
    w.closed(c, {.sent = 1000, .received = 1000});
  }
  for (uint64_t i = 101; i <= 110; ++i)
    w.connect_failed({.cookie = i, .flags = 0, .opened_ns = 0});
  const auto s = outbound();
  CHECK(s.successful_connects == 100);
  CHECK(s.failed_connects == 10);
  CHECK(s.connection_time_ns == 100'000);
  CHECK(s.bytes_sent == 100'000);
  CHECK(s.bytes_received == 100'000);
  CHECK(s.active_connections == 0);
}

TEST_CASE_FIXTURE(account_fixture,
                  "connections: one that is not heard of ages out, and may come back") {
  const test_connection silent{.cookie = 1};
  const test_connection talking{.cookie = 2};
  w.opened(silent).opened(talking).progress(silent, {.sent = 10});
  flush();
  for (uint32_t i = 0; i < aged_after_ticks; ++i) {
    w.progress(talking);
    flush();
    account.tick();
  }
  CHECK(outbound().active_connections == 1);
  SUBCASE("its close adds what it sent, and no second connect") {
    w.closed(silent, {.sent = 25});
    CHECK(outbound().active_connections == 1);
  }
  SUBCASE("its progress makes it active again") {
    w.progress(silent, {.sent = 25});
    CHECK(outbound().active_connections == 2);
  }
  CHECK(outbound().bytes_sent == 25);
  CHECK(outbound().successful_connects == 2);
}

TEST_CASE_FIXTURE(account_fixture, "connections: where no progress is ever told nothing ages out") {
  w.opened({});
  flush();
  tick(10 * aged_after_ticks);
  CHECK(outbound().active_connections == 1);
  w.closed({}, {.sent = 1});
  CHECK(outbound().active_connections == 0);
  CHECK(outbound().successful_connects == 1);
}

TEST_CASE_FIXTURE(account_fixture, "connections: a cookie of 0 is nobody's") {
  const auto tell_all = [this] {
    w.opened({.cookie = 0}).closed({.cookie = 0}).progress({.cookie = 0});
    w.connect_failed({.cookie = 0, .flags = 0, .opened_ns = 0});
  };
  tell_all();
  CHECK(snapshot().outbound.empty());
  w.opened({.cookie = 1});
  tell_all();
  CHECK(outbound().active_connections == 1);
  CHECK(outbound().successful_connects == 1);
  CHECK(outbound().failed_connects == 0);
}

TEST_CASE_FIXTURE(account_fixture, "connections: hostile totals do not disturb the others") {
  constexpr auto huge = std::numeric_limits<uint64_t>::max();
  w.closed({.cookie = huge, .opened_ns = huge, .connect_ns = huge},
           {.sent = huge, .received = huge, .retransmits = ~0U, .srtt_us = ~0U});
  w.closed({.cookie = 2, .ends = endpoints("::1", 0, "::", 0)}, {.sent = 3});
  const auto s = snapshot();
  REQUIRE(s.outbound.size() == 2);
  CHECK(s.outbound[1].destination == "[::]:0");
  CHECK(s.outbound[1].bytes_sent == 3);
}

TEST_CASE_FIXTURE(account_fixture,
                  "connections: an ended one is remembered for a second, while others end") {
  const test_connection first{.cookie = 1};
  w.opened(first).closed(first, {.sent = 5});
  w.now_ns += second_ns / 2;
  w.opened({.cookie = 2}).closed({.cookie = 2}).progress(first, {.sent = 5});
  CHECK(outbound().active_connections == 0); // Late, and known to be over.
  w.now_ns += second_ns;
  w.opened({.cookie = 3}).closed({.cookie = 3}).progress(first, {.sent = 5});
  CHECK(outbound().active_connections == 1); // Forgotten: it looks like a new one.
}
