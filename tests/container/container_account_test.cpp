// SPDX-License-Identifier: Apache-2.0
#include "actors/container/container_account.hpp"

#include "tests/container/records.hpp"

#include <doctest/doctest.h>

#include <limits>

using namespace troupe;

namespace {

struct fixture {
  container_account account{1, {}};
  record_writer w;

  /// Gives what was written so far to the container.
  void flush() {
    const auto batch = w.take();
    account.consume(batch, w.now_ns);
  }
  void tick(uint32_t times) {
    for (uint32_t i = 0; i < times; ++i)
      account.tick();
  }
  container_snapshot snapshot() {
    flush();
    return account.snapshot();
  }
  /// The only destination.
  destination_stats outbound() {
    const auto s = snapshot();
    REQUIRE(s.outbound.size() == 1);
    return s.outbound[0];
  }
  inbound_stats inbound() {
    const auto s = snapshot();
    REQUIRE(s.inbound.size() == 1);
    return s.inbound[0];
  }
};

test_connection inbound_connection(uint64_t cookie, const std::string& peer = "10.0.0.9") {
  test_connection c;
  c.cookie = cookie;
  c.direction = TCP_INBOUND;
  c.ends = endpoints("10.0.0.1", 8080, peer, 51000);
  c.connect_ns = 0;
  return c;
}

} // namespace

TEST_CASE_FIXTURE(fixture, "connections: an open counts a connect, its time and an active one") {
  w.opened({.connect_ns = 3'000'000});
  const auto s = outbound();
  CHECK(s.destination == "10.0.0.2:80");
  CHECK(s.actual_destination == "10.0.0.2:80");
  CHECK(s.successful_connects == 1);
  CHECK(s.connection_time_ns == 3'000'000);
  CHECK(s.active_connections == 1);
  CHECK(s.failed_connects == 0);
}

TEST_CASE_FIXTURE(fixture, "connections: one older than the agent is active, but no new connect") {
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

TEST_CASE_FIXTURE(fixture, "connections: a failed connect counts as failed, with its retransmits") {
  w.connect_failed({.flags = 0, .opened_ns = 0}, {.retransmits = 3});
  const auto s = outbound();
  CHECK(s.failed_connects == 1);
  CHECK(s.retransmits == 3);
  CHECK(s.successful_connects == 0);
  CHECK(s.active_connections == 0);
  CHECK(s.connection_time_ns == 0);
}

TEST_CASE_FIXTURE(fixture, "connections: a socket that tries again after a failure fails twice") {
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

TEST_CASE_FIXTURE(fixture, "connections: the same failure told twice fails once") {
  w.connect_failed({.flags = 0, .opened_ns = 0}, {.retransmits = 2});
  const auto batch = w.take();
  account.consume(batch, w.now_ns);
  account.consume(batch, w.now_ns);
  CHECK(outbound().failed_connects == 1);
  CHECK(outbound().retransmits == 2);
}

TEST_CASE_FIXTURE(fixture, "connections: progress and close count each byte once") {
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

TEST_CASE_FIXTURE(fixture, "connections: totals that go back are never a negative count") {
  const test_connection c;
  w.opened(c).progress(c, {.sent = 100, .received = 100, .retransmits = 5});
  w.progress(c, {.sent = 50, .received = 0, .retransmits = 1}).closed(c, {.sent = 101});
  const auto s = outbound();
  CHECK(s.bytes_sent == 101);
  CHECK(s.bytes_received == 100);
  CHECK(s.retransmits == 5);
}

TEST_CASE_FIXTURE(fixture, "connections: after a restart of the kernel side totals count anew") {
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

TEST_CASE_FIXTURE(fixture, "connections: progress of an unknown one opens it") {
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

TEST_CASE_FIXTURE(fixture, "connections: the close of an unknown one counts open and close") {
  w.closed({}, {.sent = 10, .received = 20, .retransmits = 1});
  const auto s = outbound();
  CHECK(s.successful_connects == 1);
  CHECK(s.active_connections == 0);
  CHECK(s.bytes_sent == 10);
  CHECK(s.bytes_received == 20);
  CHECK(s.retransmits == 1);
}

TEST_CASE_FIXTURE(fixture, "connections: one that was never established is none") {
  const test_connection c{.flags = 0, .opened_ns = 0};
  w.closed(c, {.sent = 10}).progress(c, {.sent = 10});
  CHECK(snapshot().outbound.empty());
}

TEST_CASE_FIXTURE(fixture, "connections: close before open, and everything twice, counts once") {
  const test_connection c;
  w.closed(c, {.sent = 10, .srtt_us = 100}).opened(c).closed(c, {.sent = 10, .srtt_us = 100});
  w.progress(c, {.sent = 10, .srtt_us = 100}).opened(c);
  const auto s = outbound();
  CHECK(s.successful_connects == 1);
  CHECK(s.active_connections == 0);
  CHECK(s.bytes_sent == 10);
  CHECK(s.rtt.counts[0] == 1);
}

TEST_CASE_FIXTURE(fixture, "connections: an open told twice counts once") {
  w.opened({}).opened({});
  CHECK(outbound().successful_connects == 1);
  CHECK(outbound().active_connections == 1);
}

TEST_CASE_FIXTURE(fixture,
                  "connections: found by the first walk, then opened, is one new connect") {
  w.opened({.flags = TCP_FLAG_ESTABLISHED | TCP_FLAG_PREEXISTING, .opened_ns = 0});
  w.opened({.connect_ns = 5});
  const auto s = outbound();
  CHECK(s.successful_connects == 1);
  CHECK(s.connection_time_ns == 5);
  CHECK(s.active_connections == 1);
}

TEST_CASE_FIXTURE(fixture, "connections: a socket that is connected again is a second connection") {
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

TEST_CASE_FIXTURE(fixture, "connections: connected again while the close in between was lost") {
  test_connection c;
  w.opened(c);
  c.opened_ns += second_ns;
  w.opened(c);
  CHECK(outbound().successful_connects == 2);
  CHECK(outbound().active_connections == 1);
}

TEST_CASE_FIXTURE(fixture, "connections: a reset is counted, once, at the close") {
  test_connection c;
  w.opened(c);
  c.flags |= TCP_FLAG_RESET;
  w.closed(c).closed(c);
  CHECK(outbound().resets == 1);
}

TEST_CASE_FIXTURE(fixture, "connections: each tick and the close give a sample of the RTT") {
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

TEST_CASE_FIXTURE(fixture, "connections: the latency of an IP is that of its newest sample") {
  const test_connection a{.cookie = 1};
  const test_connection b{.cookie = 2, .ends = endpoints("10.0.0.1", 40001, "10.0.0.2", 443)};
  w.progress(a, {.srtt_us = 100}).progress(b, {.srtt_us = 900}).progress(a, {.srtt_us = 500});
  const auto s = snapshot();
  REQUIRE(s.latencies.size() == 1);
  CHECK(s.latencies[0].rtt_ns == 500'000);
}

TEST_CASE_FIXTURE(fixture,
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

TEST_CASE_FIXTURE(fixture,
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

TEST_CASE_FIXTURE(fixture, "connections: one that is not heard of ages out, and may come back") {
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

TEST_CASE_FIXTURE(fixture, "connections: where no progress is ever told nothing ages out") {
  w.opened({});
  flush();
  tick(10 * aged_after_ticks);
  CHECK(outbound().active_connections == 1);
  w.closed({}, {.sent = 1});
  CHECK(outbound().active_connections == 0);
  CHECK(outbound().successful_connects == 1);
}

TEST_CASE_FIXTURE(fixture, "connections: a cookie of 0 is nobody's") {
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

TEST_CASE_FIXTURE(fixture, "connections: hostile totals do not disturb the others") {
  constexpr auto huge = std::numeric_limits<uint64_t>::max();
  w.closed({.cookie = huge, .opened_ns = huge, .connect_ns = huge},
           {.sent = huge, .received = huge, .retransmits = ~0U, .srtt_us = ~0U});
  w.closed({.cookie = 2, .ends = endpoints("::1", 0, "::", 0)}, {.sent = 3});
  const auto s = snapshot();
  REQUIRE(s.outbound.size() == 2);
  CHECK(s.outbound[1].destination == "[::]:0");
  CHECK(s.outbound[1].bytes_sent == 3);
}

TEST_CASE("series: destinations over the bound go to ~other and are counted") {
  fixture f;
  f.account = container_account{1, {.destinations_max = 3}};
  for (uint16_t i = 1; i <= 5; ++i) {
    test_connection c{.cookie = i};
    c.ends.remote_port = i;
    f.w.opened(c).closed(c, {.sent = 10});
  }
  f.w.opened({.cookie = 9, .ends = endpoints("10.0.0.1", 1, "10.0.0.2", 1)});
  const auto s = f.snapshot();
  REQUIRE(s.outbound.size() == 4);
  CHECK(s.outbound[0].successful_connects == 2);
  CHECK(s.outbound[3].destination == "~other");
  CHECK(s.outbound[3].actual_destination == "~other");
  CHECK(s.outbound[3].successful_connects == 2);
  CHECK(s.outbound[3].bytes_sent == 20);
  CHECK(s.series_overflow == 2);
}

TEST_CASE("series: peers over the bound go to ~other of their listener, which is bounded too") {
  fixture f;
  f.account = container_account{1, {.destinations_max = 2}};
  for (uint64_t i = 1; i <= 4; ++i)
    f.w.opened(inbound_connection(i, "10.0.1." + std::to_string(i)));
  auto s = f.snapshot();
  REQUIRE(s.inbound.size() == 3);
  CHECK(s.inbound[2].listen_addr == "10.0.0.1:8080");
  CHECK(s.inbound[2].peer == "~other");
  CHECK(s.inbound[2].connects == 2);
  CHECK(s.series_overflow == 2);
  for (uint64_t i = 5; i <= 500; ++i) {
    auto c = inbound_connection(i);
    c.ends.local_port = static_cast<uint16_t>(i);
    f.w.opened(c);
  }
  s = f.snapshot();
  CHECK(s.inbound.size() == 2 + 64 + 1);
  CHECK(s.inbound.back().listen_addr == "~other");
  CHECK(s.inbound.back().peer == "~other");
  uint64_t connects = 0;
  for (const auto& x : s.inbound)
    connects += x.connects;
  CHECK(connects == 500);
}

TEST_CASE_FIXTURE(fixture,
                  "listens: sockets that share an address are one series, until the last") {
  w.listen_opened(1, "0.0.0.0", 80).listen_opened(2, "0.0.0.0", 80).listen_opened(3, "::", 80);
  auto s = snapshot();
  REQUIRE(s.listens.size() == 2);
  CHECK(s.listens[0].listen_addr == "0.0.0.0:80");
  CHECK(s.listens[1].listen_addr == "[::]:80");
  w.listen_closed(1, "0.0.0.0", 80).listen_closed(3, "::", 80);
  CHECK(snapshot().listens.size() == 1);
  w.listen_closed(2, "0.0.0.0", 80);
  CHECK(snapshot().listens.empty());
}

TEST_CASE_FIXTURE(fixture,
                  "listens: one that the first walk tells of after its close stays closed") {
  w.listen_closed(1, "0.0.0.0", 80).listen_opened(1, "0.0.0.0", 80, {100, 5}, true);
  CHECK(snapshot().listens.empty());
  w.listen_opened(1, "0.0.0.0", 80);
  CHECK(snapshot().listens.size() == 1);
}

TEST_CASE_FIXTURE(fixture, "listens: a port forwarder is named as the proxy") {
  w.executed({7, 1}, "docker-proxy").listen_opened(1, "0.0.0.0", 80, {7, 1});
  w.listen_opened(2, "0.0.0.0", 81, {8, 1}, true).found({8, 1}, "docker-proxy");
  w.executed({9, 1}, "nginx").listen_opened(3, "0.0.0.0", 82, {9, 1});
  const auto s = snapshot();
  REQUIRE(s.listens.size() == 3);
  CHECK(s.listens[0].proxy == "docker-proxy");
  CHECK(s.listens[1].proxy == "docker-proxy");
  CHECK(s.listens[2].proxy.empty());
}

TEST_CASE_FIXTURE(fixture, "listens: their number is bounded and the rest counted") {
  for (uint64_t i = 1; i <= listen_table::listens_max + 5; ++i)
    w.listen_opened(i, "0.0.0.0", static_cast<uint16_t>(i));
  const auto s = snapshot();
  CHECK(s.listens.size() == listen_table::listens_max);
  CHECK(s.series_overflow == 5);
}

TEST_CASE_FIXTURE(fixture, "account: a join with restart counts a restart, another join does not") {
  account.join({1, 0, false});
  account.join({2, 0, true});
  account.join({3, 0, true});
  CHECK(snapshot().restarts == 2);
}

TEST_CASE_FIXTURE(fixture, "account: an OOM kill counts once, an ordinary exit does not") {
  w.executed({1, 1}, "a").executed({2, 2}, "b");
  w.exited({1, 1}, 0, true).exited({2, 2}).exited({1, 1}, 0, true).exited({3, 3}, 0, true);
  CHECK(snapshot().oom_kills == 2);
}

TEST_CASE_FIXTURE(fixture, "account: what ran and listened is gone after the last cgroup") {
  account.join({1, 0, false});
  account.join({2, 0, false});
  w.executed({1, 1}, "a").listen_opened(1, "0.0.0.0", 80).opened({});
  flush();
  account.leave({1, 0});
  tick(10);
  CHECK(snapshot().processes == 1);
  account.leave({2, 0});
  tick(1); // The last records may still be on their way.
  CHECK(snapshot().processes == 1);
  tick(1);
  CHECK(snapshot().processes == 0);
  CHECK(snapshot().listens.empty());
  w.closed({}, {.sent = 9}); // A connection closes later than its cgroup.
  CHECK(outbound().bytes_sent == 9);
  CHECK(outbound().successful_connects == 1);
}

TEST_CASE_FIXTURE(fixture, "account: a new cgroup in time keeps what runs") {
  account.join({1, 0, false});
  w.executed({1, 1}, "a");
  flush();
  account.leave({1, 0});
  account.join({2, 0, true});
  tick(10);
  CHECK(snapshot().processes == 1);
}

TEST_CASE_FIXTURE(fixture, "account: records, losses and undecodable records are counted") {
  w.opened({}).closed({});
  auto batch = w.take();
  batch.dropped = 7;
  account.consume(batch, w.now_ns);
  w.opened({.cookie = 5}).opened({.cookie = 6}).opened({.cookie = 7});
  batch = w.take();
  batch.records.resize(batch.records.size() - sizeof(tcp_connection) - 8);
  account.consume(batch, w.now_ns);
  const auto s = snapshot();
  CHECK(s.events == 3);
  CHECK(s.events_dropped == 7);
  CHECK(s.events_invalid == 2);
}

TEST_CASE_FIXTURE(fixture, "account: the way from the kernel is measured once a batch") {
  w.opened({});
  auto batch = w.take();
  batch.first_time_ns = 1000;
  account.consume(batch, 3'001'000);
  account.consume(event_batch{{}, 0, 5000, 0}, 4000); // A clock that goes back is no time at all.
  const auto s = account.snapshot();
  CHECK(s.route_latency.counts[3] == 1);
  CHECK(s.route_latency.counts[0] == 1);
  CHECK(s.route_latency.sum_ns == 3'000'000);
}

TEST_CASE_FIXTURE(fixture, "account: it counts before it has a name, and is exported with one") {
  w.opened({});
  CHECK_FALSE(snapshot().exported);
  container_named named;
  named.identity.container_id = "/docker/web";
  named.metadata.image = "nginx";
  account.name(named);
  const auto s = snapshot();
  CHECK(s.exported);
  CHECK(s.key == 1);
  CHECK(s.identity.container_id == "/docker/web");
  CHECK(s.metadata.image == "nginx");
  CHECK(s.outbound.size() == 1);
}
