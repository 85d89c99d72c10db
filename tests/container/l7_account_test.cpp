// SPDX-License-Identifier: Apache-2.0
#include "actors/container/l7_account.hpp"

#include "actors/container/flow_ledger.hpp"
#include "actors/container/trace_maker.hpp"
#include "tests/container/records.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <vector>

using namespace troupe;

namespace {

/// The account of a container that dials 10.0.0.2:80, or is dialled at 10.0.0.1:8080.
struct l7_fixture {
  container_options options;
  l7_account account{options};
  trace_maker trace{1, trace_l7};
  flow_ledger flows;
  uint64_t now_ns = second_ns;
  uint64_t position[2] = {};

  l7_fixture() {
    container_named named;
    named.identity.container_id = "/docker/web";
    trace.name(named);
  }

  void say(std::string_view text, bool sent, bool outbound = true) {
    l7_chunk record{};
    record.header.kind = EVENT_L7_CHUNK;
    record.header.time_ns = now_ns += 1'000'000;
    record.header.pid = 7;
    record.header.cgroup_id = 5;
    record.socket_cookie = outbound ? 1 : 2;
    record.position = std::exchange(position[sent ? 0 : 1], position[sent ? 0 : 1] + text.size());
    record.size = static_cast<uint32_t>(text.size());
    record.captured = static_cast<uint16_t>(text.size());
    record.flags = static_cast<uint8_t>((sent ? L7_SENT : 0) | (outbound ? L7_OUTBOUND : 0));
    record.endpoints = outbound ? endpoints("10.0.0.1", 40000, "10.0.0.2", 80)
                                : endpoints("10.0.0.1", 8080, "10.0.0.9", 40000);
    account.captured(record, text, {trace, "curl", &flows});
  }

  [[nodiscard]] container_snapshot snapshot() const {
    container_snapshot result;
    account.add_to(result);
    return result;
  }
};

std::string number(unsigned x) {
  return {static_cast<char>(x >> 8), static_cast<char>(x)};
}

constexpr std::string_view get = "GET /cart HTTP/1.1\r\nHost: shop\r\n\r\n";
constexpr std::string_view fine = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";
constexpr std::string_view broken = "HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n";

} // namespace

TEST_CASE_FIXTURE(l7_fixture, "l7 account: requests are counted by place and status") {
  for (const auto answer : {fine, fine, broken}) {
    say(get, true);
    say(answer, false);
  }
  auto made = snapshot().l7_requests_made;
  std::sort(made.begin(), made.end(),
            [](const auto& a, const auto& b) { return a.status < b.status; });
  REQUIRE(made.size() == 2);
  CHECK(made[0].place.protocol == l7_protocol::http);
  CHECK_FALSE(made[0].place.inbound);
  CHECK(made[0].place.destination == "10.0.0.2:80");
  CHECK(made[0].place.actual_destination == "10.0.0.2:80");
  CHECK(made[0].status == "200");
  CHECK(made[0].count == 2);
  CHECK(made[1].status == "503");
  CHECK(made[1].count == 1);
  REQUIRE(snapshot().l7_durations_of.size() == 1);
  CHECK(snapshot().l7_durations_of[0].durations.sum_ns == 3'000'000);
}

TEST_CASE_FIXTURE(l7_fixture, "l7 account: of a container that is turned off nothing is wanted") {
  account.turn_off(true);
  say(get, true);
  const auto orders = account.take_orders();
  REQUIRE(orders.size() == 2);
  CHECK(orders[0].socket_cookie == 1);
  CHECK(orders[0].opaque);
  CHECK(orders[1].cgroup == 5);
  CHECK(snapshot().l7_requests_made.empty());
}

TEST_CASE("l7 account: a protocol that is not wanted is not counted") {
  l7_fixture x;
  x.options.l7_off = 1U << static_cast<unsigned>(l7_protocol::http);
  x.account = l7_account{x.options};
  x.say(get, true);
  x.say(fine, false);
  CHECK(x.snapshot().l7_requests_made.empty());
  CHECK(x.account.take_orders().at(0).opaque);
}

TEST_CASE_FIXTURE(l7_fixture, "l7 account: what comes in is counted where it was listened on") {
  say(get, false, false);
  say(fine, true, false);
  const auto made = snapshot().l7_requests_made;
  REQUIRE(made.size() == 1);
  CHECK(made[0].place.inbound);
  CHECK(made[0].place.destination == "10.0.0.1:8080");
  CHECK(made[0].place.actual_destination.empty());
}

TEST_CASE_FIXTURE(l7_fixture, "l7 account: a request that nobody answers has no duration") {
  say(get, true);
  account.closed(1, {trace, "curl"});
  for (const auto& x : snapshot().l7_durations_of)
    CHECK(x.durations.sum_ns == 0);
  uint64_t observed = 0;
  for (const auto& x : snapshot().l7_durations_of)
    for (const auto n : x.durations.counts)
      observed += n;
  CHECK(observed == 0);
}

TEST_CASE_FIXTURE(l7_fixture, "l7 account: a traced request has its process and both ends") {
  say(get, true);
  say(fine, false);
  const auto batch = trace.next_batch();
  REQUIRE(batch);
  REQUIRE(batch->events.size() == 1);
  const auto& event = batch->events[0];
  CHECK(event.comm == "curl");
  CHECK(event.process.pid == 7);
  const auto& detail = std::get<l7_trace>(event.detail);
  CHECK_FALSE(detail.inbound);
  CHECK(detail.src == "10.0.0.1:40000");
  CHECK(detail.dst == "10.0.0.2:80");
  CHECK(detail.exchange->operation == "GET /cart");
}

TEST_CASE_FIXTURE(l7_fixture, "l7 account: what another account counted is added") {
  l7_fixture other;
  for (auto* x : {static_cast<l7_fixture*>(this), &other}) {
    x->say(get, true);
    x->say(fine, false);
  }
  account.absorb(std::move(other.account));
  const auto made = snapshot().l7_requests_made;
  REQUIRE(made.size() == 1);
  CHECK(made[0].count == 2);
  REQUIRE(snapshot().l7_understood.size() == 1);
  CHECK(snapshot().l7_understood[0].captured_bytes == 2 * (get.size() + fine.size()));
}

TEST_CASE_FIXTURE(l7_fixture, "l7 account: of messages, a failure of something else is none") {
  say("INFO {\"server_id\":\"NB\"}\r\n", false);
  say("CONNECT {\"verbose\":false}\r\nPUB a 1\r\nx\r\n", true);
  say("-ERR 'Stale Connection'\r\n", false);
  const auto made = snapshot().l7_requests_made;
  REQUIRE(made.size() == 1);
  CHECK(made[0].place.protocol == l7_protocol::nats);
  CHECK(made[0].method == "produce");
  CHECK(made[0].count == 1);
  CHECK(trace.next_batch()->events.size() == 2);
  REQUIRE(flows.flows().size() == 1);
  REQUIRE(flows.flows()[0].requests.size() == 1);
  CHECK(flows.flows()[0].requests[0].outcomes == std::array<uint64_t, 3>{0, 0, 1});
}

TEST_CASE_FIXTURE(l7_fixture, "l7 account: a queue that is refused is traced and no message") {
  const auto frame = [](char type, const std::string& payload) {
    return std::string{type} + number(1) + number(0) + number(static_cast<unsigned>(payload.size()))
           + payload + '\xce';
  };
  const auto publish = frame(1, number(60) + number(40) + number(0) + std::string{"\0\1q\0", 4})
                       + frame(2, number(60) + number(0) + std::string(8, '\0') + number(0));
  const auto refuse = frame(1, number(20) + number(40) + number(406) + std::string{"\2no", 3}
                                   + number(50) + number(10));
  say(std::string{"AMQP\0\0\x09\x01", 8} + publish, true);
  say(refuse, false);
  const auto made = snapshot().l7_requests_made;
  REQUIRE(made.size() == 1);
  CHECK(made[0].method == "produce");
  const auto batch = trace.next_batch();
  REQUIRE(batch->events.size() == 2);
  CHECK(std::get<l7_trace>(batch->events[1].detail).exchange->operation == "queue.declare");
  REQUIRE(flows.flows().size() == 1);
  REQUIRE(flows.flows()[0].requests.size() == 1);
  const auto told = flows.flows()[0].requests[0];
  CHECK(told.protocol == l7_protocol::rabbitmq);
  CHECK(told.outcomes == std::array<uint64_t, 3>{0, 0, 1});
}

namespace {

std::string question(std::string_view name, unsigned flags, unsigned answers) {
  return number(7) + number(flags) + number(1) + number(answers) + number(0) + number(0)
         + static_cast<char>(name.size()) + std::string{name} + '\0' + number(1) + number(1);
}

std::string query(std::string_view name) {
  return question(name, 0x0100, 0);
}

/// It has the address 10.0.0.2.
std::string answer(std::string_view name) {
  return question(name, 0x8180, 1) + "\xc0\x0c" + number(1) + number(1) + number(0) + number(60)
         + number(4) + std::string{"\x0a\0\0\2", 4};
}

/// One that also asks a DNS server for names.
struct l7_names_fixture : l7_fixture {
  std::shared_ptr<address_names> names;

  explicit l7_names_fixture(uint32_t domains_max = 10) {
    options.domains_max = domains_max;
    names = std::make_shared<address_names>(domains_max);
    account = l7_account{options, names};
  }

  void datagram(const std::string& bytes, bool sent) {
    l7_chunk record{};
    record.header.kind = EVENT_L7_DATAGRAM;
    record.header.time_ns = now_ns += 1'000'000;
    record.socket_cookie = 3;
    record.size = static_cast<uint32_t>(bytes.size());
    record.captured = static_cast<uint16_t>(bytes.size());
    record.flags = sent ? L7_SENT : 0;
    record.endpoints = endpoints("10.0.0.1", 40000, "10.0.0.53", 53);
    account.datagram(record, bytes, {trace, "curl"});
  }
  void resolve(std::string_view name) {
    datagram(query(name), true);
    datagram(answer(name), false);
  }

  [[nodiscard]] std::vector<std::string> of(l7_protocol protocol) const {
    std::vector<std::string> result;
    for (const auto& x : snapshot().l7_requests_made)
      if (x.place.protocol == protocol)
        result.push_back(x.place.destination + " " + x.place.actual_destination + " " + x.status
                         + " " + x.method + " " + x.subject + " " + std::to_string(x.count));
    std::sort(result.begin(), result.end());
    return result;
  }
};

struct two_domains : l7_names_fixture {
  two_domains() : l7_names_fixture(2) {}
};

using texts = std::vector<std::string>;

} // namespace

TEST_CASE_FIXTURE(l7_names_fixture, "l7 account: DNS is counted by type and domain, and its names "
                                    "stand for addresses, whichever came first") {
  say(get, true);
  say(fine, false);
  CHECK(of(l7_protocol::http) == texts{"10.0.0.2:80 10.0.0.2:80 200   1"});
  resolve("shop");
  CHECK(of(l7_protocol::dns) == texts{"10.0.0.53:53 10.0.0.53:53 ok A shop 1"});
  CHECK(of(l7_protocol::http) == texts{"shop:80 10.0.0.2:80 200   1"});
  resolve("cart");
  say(get, true); // On the connection of before.
  say(fine, false);
  CHECK(of(l7_protocol::http) == texts{"shop:80 10.0.0.2:80 200   2"});
  account.closed(1, {trace, "curl"});
  position[0] = position[1] = 0;
  say(get, true);
  say(fine, false);
  CHECK(of(l7_protocol::http)
        == texts{"cart:80 10.0.0.2:80 200   1", "shop:80 10.0.0.2:80 200   2"});
}

TEST_CASE_FIXTURE(two_domains, "l7 account: domains over the bound are one, in every status") {
  for (const auto name : {"a", "b", "c", "d", "a"})
    resolve(name);
  datagram(query("e"), true);
  datagram(question("e", 0x8183, 0), false);
  CHECK(of(l7_protocol::dns)
        == texts{"10.0.0.53:53 10.0.0.53:53 failed A ~other 1",
                 "10.0.0.53:53 10.0.0.53:53 ok A a 2", "10.0.0.53:53 10.0.0.53:53 ok A b 1",
                 "10.0.0.53:53 10.0.0.53:53 ok A ~other 2"});
  CHECK(snapshot().l7_understood.at(0).overflow == 3);
}

TEST_CASE_FIXTURE(l7_names_fixture, "l7 account: a question that nobody answers is counted in the "
                                    "end, by the clock of the records") {
  datagram(query("a"), true);
  constexpr uint64_t another_time = 1'000'000 * second_ns;
  account.tick(another_time, {trace, "curl"});
  account.tick(another_time + 9 * second_ns, {trace, "curl"});
  CHECK(of(l7_protocol::dns).empty());
  account.tick(another_time + 11 * second_ns, {trace, "curl"});
  CHECK(of(l7_protocol::dns) == texts{"10.0.0.53:53 10.0.0.53:53 unknown A a 1"});
}
