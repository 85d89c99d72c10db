// SPDX-License-Identifier: Apache-2.0
#include "actors/container/flow_ledger.hpp"

#include "tests/container/account_fixture.hpp"

#include <algorithm>

using namespace troupe;

namespace {

/// A container whose flows are asked for.
struct flow_fixture : account_fixture {
  flow_fixture() { account = container_account{1, {.trace = trace_flows}}; }

  std::vector<flow_stats> flows() { return snapshot().flows; }
  flow_stats only_flow() {
    const auto all = flows();
    REQUIRE(all.size() == 1);
    return all[0];
  }
};

l7::connection_ends ends_of(const test_connection& x) {
  l7::connection_ends ends;
  ends.socket_cookie = x.cookie;
  ends.outbound = x.direction == TCP_OUTBOUND;
  ends.endpoints = x.ends;
  return ends;
}

l7_exchange an_exchange(l7_outcome outcome, uint64_t duration_ns = 3'000'000) {
  l7_exchange x;
  x.protocol = l7_protocol::redis;
  x.outcome = outcome;
  x.duration_ns = duration_ns;
  x.request_bytes = 10;
  x.response_bytes = duration_ns > 0 ? 5 : 0;
  return x;
}

} // namespace

TEST_CASE("flows: nobody keeps them who is not asked for them") {
  account_fixture f;
  f.w.opened({}).closed({}, {.sent = 10});
  CHECK(f.snapshot().flows.empty());
}

TEST_CASE_FIXTURE(flow_fixture, "flows: connections to one server are one flow, with their bytes") {
  test_connection second{.cookie = 2};
  second.ends.local_port = 40001;
  w.opened({}).opened(second).progress({}, {.sent = 10, .received = 20});
  w.closed({}, {.sent = 15, .received = 20, .retransmits = 1});
  const auto flow = only_flow();
  CHECK_FALSE(flow.inbound);
  CHECK(flow.client == "10.0.0.1");
  CHECK(flow.server == "10.0.0.2:80");
  CHECK(flow.connections == 2);
  CHECK(flow.connects == 2);
  CHECK(flow.open == 1);
  CHECK(flow.bytes_sent == 15);
  CHECK(flow.bytes_received == 20);
  CHECK(flow.retransmits == 1);
  auto ports = flow.client_ports;
  std::sort(ports.begin(), ports.end());
  CHECK(ports == std::vector<uint16_t>{40000, 40001});
}

TEST_CASE_FIXTURE(flow_fixture, "flows: an accepted connection is its client's, without the port") {
  w.opened(inbound_connection(1));
  const auto flow = only_flow();
  CHECK(flow.inbound);
  CHECK(flow.client == "10.0.0.9");
  CHECK(flow.server == "10.0.0.1:8080");
  CHECK(flow.client_ports == std::vector<uint16_t>{51000});
}

TEST_CASE_FIXTURE(flow_fixture, "flows: connections that were open before are no connects") {
  test_connection old;
  old.flags = TCP_FLAG_ESTABLISHED | TCP_FLAG_PREEXISTING;
  w.opened(old);
  CHECK(only_flow().connections == 1);
  CHECK(only_flow().connects == 0);
  CHECK(only_flow().open == 1);
  w.closed(old, {.sent = 7});
  CHECK(only_flow().open == 0);
  CHECK(only_flow().bytes_sent == 7);
}

TEST_CASE_FIXTURE(flow_fixture, "flows: who is not let in is counted") {
  w.connect_failed({}, {.retransmits = 2});
  CHECK(only_flow().failed_connects == 1);
  CHECK(only_flow().connections == 0);
  CHECK(only_flow().retransmits == 2);
}

TEST_CASE_FIXTURE(flow_fixture, "flows: repeated and late records change nothing") {
  w.opened({}).opened({}).closed({}, {.sent = 5}).closed({}, {.sent = 5}).progress({}, {.sent = 5});
  CHECK(only_flow().connections == 1);
  CHECK(only_flow().open == 0);
  CHECK(only_flow().bytes_sent == 5);
}

TEST_CASE_FIXTURE(flow_fixture, "flows: a connection whose beginning was lost is one, too") {
  w.closed({}, {.sent = 5});
  CHECK(only_flow().connections == 1);
  CHECK(only_flow().open == 0);
  CHECK(only_flow().bytes_sent == 5);
}

TEST_CASE("flows: requests by protocol and outcome") {
  flow_ledger flows;
  const auto ends = ends_of({});
  flows.exchanged(ends, an_exchange(l7_outcome::ok));
  flows.exchanged(ends, an_exchange(l7_outcome::failed));
  flows.exchanged(ends, an_exchange(l7_outcome::unknown, 0));
  const auto all = flows.flows();
  REQUIRE(all.size() == 1);
  REQUIRE(all[0].requests.size() == 1);
  const auto& x = all[0].requests[0];
  CHECK(x.protocol == l7_protocol::redis);
  CHECK(x.count() == 3);
  CHECK(x.failed() == 1);
  CHECK(x.outcomes == std::array<uint64_t, 3>{1, 1, 1});
  CHECK(x.request_bytes == 30);
  CHECK(x.response_bytes == 10);
  CHECK(x.durations.counts[duration_histogram::bucket_of(3'000'000)] == 2); // One had no answer.
}

TEST_CASE("flows: those over the bound are one for each direction") {
  flow_ledger flows;
  for (uint32_t i = 0; i < flow_ledger::flows_max + 5; ++i) {
    test_connection c;
    c.ends.remote_port = static_cast<uint16_t>(i + 1);
    flows.exchanged(ends_of(c), an_exchange(l7_outcome::ok));
  }
  flows.exchanged(ends_of(inbound_connection(1)), an_exchange(l7_outcome::ok));
  const auto all = flows.flows();
  REQUIRE(all.size() == flow_ledger::flows_max + 2);
  const auto& outbound = all[flow_ledger::flows_max];
  CHECK(outbound.server == "~other");
  CHECK_FALSE(outbound.inbound);
  CHECK(outbound.requests[0].count() == 5);
  CHECK(all.back().client == "~other");
  CHECK(all.back().inbound);
}

TEST_CASE("flows: of many ports those are remembered that the other end remembers, too") {
  flow_fixture client;
  flow_fixture server;
  for (uint16_t i = 0; i < 1000; ++i) {
    test_connection out{.cookie = uint64_t{1} + i};
    out.ends = endpoints("10.0.0.9", static_cast<uint16_t>(40000 + i), "10.0.0.1", 8080);
    client.w.opened(out);
    // In another order.
    auto in = inbound_connection(uint64_t{5000} + i);
    in.ends.remote_port = static_cast<uint16_t>(40999 - i);
    server.w.opened(in);
  }
  const auto dialled = client.flows();
  const auto accepted = server.flows();
  REQUIRE(dialled.size() == 1);
  REQUIRE(accepted.size() == 1);
  CHECK(dialled[0].client_ports.size() == flow_ports_max);
  CHECK(dialled[0].client_ports == accepted[0].client_ports);
  CHECK(dialled[0].client == accepted[0].client);
  CHECK(dialled[0].server == accepted[0].server);
}

TEST_CASE("flows: a container that turns out to be another one hands them over") {
  test_connection c;
  flow_fixture f;
  f.w.opened(c);
  static_cast<void>(f.snapshot());
  container_account named{2, {.trace = trace_flows}};
  named.merge(f.account.hand_over());
  record_writer w;
  w.closed(c, {.sent = 9});
  named.consume(w.take(), w.now_ns);
  const auto flows = named.snapshot().flows;
  REQUIRE(flows.size() == 1);
  CHECK(flows[0].connections == 1);
  CHECK(flows[0].open == 0);
  CHECK(flows[0].bytes_sent == 9);
}

TEST_CASE("flows: what two of them saw of one connection counts once") {
  const auto totals = [](uint64_t sent) {
    tcp_connection_totals x{};
    x.connection.socket_cookie = 1;
    x.connection.endpoints = endpoints("10.0.0.1", 40000, "10.0.0.2", 80);
    x.connection.direction = TCP_OUTBOUND;
    x.bytes_sent = sent;
    return x;
  };
  flow_ledger mine;
  flow_ledger theirs;
  mine.progress(totals(10));
  theirs.progress(totals(25));
  mine.absorb(std::move(theirs));
  auto flow = mine.flows().at(0);
  CHECK(flow.connections == 1);
  CHECK(flow.connects == 1);
  CHECK(flow.open == 1);
  CHECK(flow.bytes_sent == 25);
  mine.closed(totals(30));
  flow = mine.flows().at(0);
  CHECK(flow.open == 0);
  CHECK(flow.bytes_sent == 30);
}
