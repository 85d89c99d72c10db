// SPDX-License-Identifier: Apache-2.0
#include "actors/container/container_account.hpp"

#include "tests/container/account_fixture.hpp"

using namespace troupe;

TEST_CASE("series: destinations over the bound go to ~other and are counted") {
  account_fixture f;
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
  account_fixture f;
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

TEST_CASE_FIXTURE(account_fixture,
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

TEST_CASE_FIXTURE(account_fixture,
                  "listens: one that the first walk tells of after its close stays closed") {
  w.listen_closed(1, "0.0.0.0", 80).listen_opened(1, "0.0.0.0", 80, {100, 5}, true);
  CHECK(snapshot().listens.empty());
  w.listen_opened(1, "0.0.0.0", 80);
  CHECK(snapshot().listens.size() == 1);
}

TEST_CASE_FIXTURE(account_fixture, "listens: a port forwarder is named as the proxy") {
  w.executed({7, 1}, "docker-proxy").listen_opened(1, "0.0.0.0", 80, {7, 1});
  w.listen_opened(2, "0.0.0.0", 81, {8, 1}, true).found({8, 1}, "docker-proxy");
  w.executed({9, 1}, "nginx").listen_opened(3, "0.0.0.0", 82, {9, 1});
  const auto s = snapshot();
  REQUIRE(s.listens.size() == 3);
  CHECK(s.listens[0].proxy == "docker-proxy");
  CHECK(s.listens[1].proxy == "docker-proxy");
  CHECK(s.listens[2].proxy.empty());
}

TEST_CASE_FIXTURE(account_fixture, "listens: their number is bounded and the rest counted") {
  for (uint64_t i = 1; i <= listen_table::listens_max + 5; ++i)
    w.listen_opened(i, "0.0.0.0", static_cast<uint16_t>(i));
  const auto s = snapshot();
  CHECK(s.listens.size() == listen_table::listens_max);
  CHECK(s.series_overflow == 5);
}

TEST_CASE_FIXTURE(account_fixture,
                  "account: a join with restart counts a restart, another join does not") {
  account.join({1, 0, false});
  account.join({2, 0, true});
  account.join({3, 0, true});
  CHECK(snapshot().restarts == 2);
}

TEST_CASE_FIXTURE(account_fixture, "account: an OOM kill counts once, an ordinary exit does not") {
  w.executed({1, 1}, "a").executed({2, 2}, "b");
  w.exited({1, 1}, 0, true).exited({2, 2}).exited({1, 1}, 0, true).exited({3, 3}, 0, true);
  CHECK(snapshot().oom_kills == 2);
}

TEST_CASE_FIXTURE(account_fixture, "account: what ran and listened is gone after the last cgroup") {
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

TEST_CASE_FIXTURE(account_fixture, "account: a new cgroup in time keeps what runs") {
  account.join({1, 0, false});
  w.executed({1, 1}, "a");
  flush();
  account.leave({1, 0});
  account.join({2, 0, true});
  tick(10);
  CHECK(snapshot().processes == 1);
}

TEST_CASE_FIXTURE(account_fixture, "account: records, losses and undecodable records are counted") {
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

TEST_CASE_FIXTURE(account_fixture, "account: the way from the kernel is measured once a batch") {
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

TEST_CASE_FIXTURE(account_fixture,
                  "account: it counts before it has a name, and is exported with one") {
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

TEST_CASE("series: a destination has the name that DNS told, whichever came first") {
  account_fixture f;
  const auto resolve = [&f](const std::string& name) {
    const auto question = [&name](const std::string& flags, char answers) {
      return std::string{"\0\1", 2} + flags + std::string{"\0\1\0", 3} + answers
             + std::string(4, '\0') + static_cast<char>(name.size()) + name
             + std::string{"\0\0\1\0\1", 5};
    };
    // The address is 10.0.0.2.
    const auto answer =
        question("\x81\x80", 1) + std::string{"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\x0a\0\0\2", 16};
    for (const auto& said : {question(std::string{"\1\0", 2}, 0), answer}) {
      l7_chunk record{};
      record.header.kind = EVENT_L7_DATAGRAM;
      record.header.time_ns = f.w.now_ns += 1'000'000;
      record.socket_cookie = 77;
      record.size = static_cast<uint32_t>(said.size());
      record.captured = static_cast<uint16_t>(said.size());
      record.flags = said == answer ? 0 : L7_SENT;
      record.endpoints = endpoints("10.0.0.1", 40000, "10.0.0.53", 53);
      f.w.add(record, said);
    }
  };
  const auto connects = [&f] {
    std::vector<std::string> result;
    for (const auto& x : f.snapshot().outbound)
      result.push_back(x.destination + " " + x.actual_destination + " "
                       + std::to_string(x.successful_connects));
    return result;
  };
  using texts = std::vector<std::string>;
  f.w.opened({.cookie = 1});
  CHECK(connects() == texts{"10.0.0.2:80 10.0.0.2:80 1"});
  resolve("shop");
  f.w.opened({.cookie = 2});
  CHECK(connects() == texts{"shop:80 10.0.0.2:80 2"});
  resolve("cart");
  f.w.opened({.cookie = 3});
  CHECK(connects() == texts{"shop:80 10.0.0.2:80 2", "cart:80 10.0.0.2:80 1"});
  const auto names = f.snapshot().names;
  REQUIRE(names.size() == 1);
  CHECK(names[0].fqdn == "cart");
  container_account heir{2, {}};
  heir.merge(f.account.hand_over());
  CHECK(heir.snapshot().outbound.size() == 2);
  CHECK(heir.snapshot().outbound[1].destination == "cart:80");
}
