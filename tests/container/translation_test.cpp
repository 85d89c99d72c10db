// SPDX-License-Identifier: Apache-2.0

// Connections that wait to be told where they go, and what is counted of them then.

#include "tests/container/account_fixture.hpp"

#include <algorithm>
#include <string_view>

using namespace troupe;

namespace {

nat_address nat(const std::string& ip, uint16_t port) {
  nat_address result;
  __u8 raw[16];
  set_ip(raw, ip);
  std::copy(std::begin(raw), std::end(raw), result.ip.begin());
  result.port = port;
  return result;
}

const auto service = nat("10.0.0.2", 80); // What a test_connection dials.
const auto backend = nat("10.1.0.7", 8080);

constexpr std::string_view get = "GET /cart HTTP/1.1\r\nHost: shop\r\n\r\n";
constexpr std::string_view fine = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";

struct translating : account_fixture {
  translating() { account.open_questions(true); }

  std::vector<nat_question> ask() {
    flush();
    const auto questions = account.next_questions();
    return questions ? questions->asked : std::vector<nat_question>{};
  }
  /// Those with these cookies are translated.
  void answer(const std::vector<uint64_t>& cookies = {}, uint64_t unanswered = 0) {
    nat_answers answers;
    for (const auto cookie : cookies)
      answers.translated.push_back({cookie, service, backend});
    answers.unanswered = unanswered;
    account.answered(answers);
  }
  void say(uint64_t cookie, std::string_view text, bool sent, uint64_t position,
           event_kind kind = EVENT_L7_CHUNK) {
    l7_chunk record{};
    record.header.kind = kind;
    record.header.time_ns = w.now_ns += 1'000'000;
    record.socket_cookie = cookie;
    record.position = position;
    record.size = static_cast<uint32_t>(text.size());
    record.captured = static_cast<uint16_t>(text.size());
    record.flags = static_cast<uint8_t>((sent ? L7_SENT : 0) | L7_OUTBOUND);
    record.endpoints = test_connection{}.ends;
    if (kind == EVENT_L7_DATAGRAM) {
      record.flags = sent ? L7_SENT : 0;
      record.endpoints.remote_port = 53;
    }
    w.add(record, text);
  }
};

} // namespace

TEST_CASE_FIXTURE(translating, "a connection counts when it is known where it goes") {
  const test_connection c;
  w.opened(c).closed(c, {.sent = 10, .received = 20});
  const auto asked = ask();
  REQUIRE(asked.size() == 1);
  CHECK(asked[0].socket_cookie == c.cookie);
  CHECK(asked[0].pid == c.owner.pid);
  CHECK(asked[0].ends.remote_port == 80);
  CHECK(account.snapshot().outbound.empty());
  CHECK(account.snapshot().traces_waiting == 1);
  answer({c.cookie});
  const auto x = outbound();
  CHECK(x.destination == "10.0.0.2:80");
  CHECK(x.actual_destination == "10.1.0.7:8080");
  CHECK(x.successful_connects == 1);
  CHECK(x.active_connections == 0);
  CHECK(x.bytes_sent == 10);
  CHECK(x.bytes_received == 20);
  CHECK(account.snapshot().nat.translated == 1);
  CHECK(account.snapshot().traces_waiting == 0);
}

TEST_CASE_FIXTURE(translating, "a connection that nobody translates goes where it says") {
  const test_connection c;
  w.opened(c);
  CHECK(ask().size() == 1);
  answer();
  CHECK(outbound().actual_destination == "10.0.0.2:80");
  CHECK(outbound().active_connections == 1);
  CHECK(account.snapshot().nat.direct == 1);
}

TEST_CASE_FIXTURE(translating, "what comes after the answer counts at once, in the same series") {
  const test_connection c;
  w.opened(c);
  CHECK(ask().size() == 1);
  answer({c.cookie});
  w.progress(c, {.sent = 5}).closed(c, {.sent = 7});
  CHECK(ask().empty());
  CHECK(outbound().actual_destination == "10.1.0.7:8080");
  CHECK(outbound().bytes_sent == 7);
}

TEST_CASE_FIXTURE(translating, "one destination with two backends and none is three series") {
  test_connection one{.cookie = 1};
  test_connection two{.cookie = 2};
  test_connection three{.cookie = 3};
  w.opened(one).opened(two).opened(three);
  CHECK(ask().size() == 3);
  nat_answers answers;
  answers.translated = {{1, service, backend}, {2, service, nat("10.1.0.8", 8080)}};
  account.answered(answers);
  const auto s = snapshot();
  REQUIRE(s.outbound.size() == 3);
  for (const auto& x : s.outbound) {
    CHECK(x.destination == "10.0.0.2:80");
    CHECK(x.successful_connects == 1);
  }
  CHECK(s.nat.translated == 2);
  CHECK(s.nat.direct == 1);
}

TEST_CASE_FIXTURE(translating, "what was dialled may be told as well: Cilium replaced it") {
  const test_connection c;
  w.opened(c);
  CHECK(ask().size() == 1);
  nat_answers answers;
  answers.translated = {{c.cookie, nat("10.96.0.10", 443), service}};
  account.answered(answers);
  CHECK(outbound().destination == "10.96.0.10:443");
  CHECK(outbound().actual_destination == "10.0.0.2:80");
}

TEST_CASE_FIXTURE(translating, "a failed connect is asked for, and who is dialled in is not") {
  w.connect_failed({.cookie = 1, .flags = 0, .opened_ns = 0});
  w.opened(inbound_connection(2)).closed(inbound_connection(2));
  const auto asked = ask();
  REQUIRE(asked.size() == 1);
  CHECK(asked[0].socket_cookie == 1);
  CHECK(inbound().connects == 1);
  answer({1});
  CHECK(outbound().failed_connects == 1);
  CHECK(outbound().actual_destination == "10.1.0.7:8080");
}

TEST_CASE_FIXTURE(translating, "one question at a time; who comes meanwhile is asked for next") {
  w.opened({.cookie = 1});
  CHECK(ask().size() == 1);
  w.opened({.cookie = 2}).opened({.cookie = 3});
  CHECK(ask().empty());
  answer({1});
  CHECK(ask().size() == 2);
  answer({2, 3});
  CHECK(ask().empty());
  CHECK(outbound().successful_connects == 3);
}

TEST_CASE_FIXTURE(translating, "requests wait with their connection") {
  const test_connection c;
  w.opened(c);
  say(c.cookie, get, true, 0);
  say(c.cookie, fine, false, 0);
  CHECK(ask().size() == 1);
  say(c.cookie, get, true, get.size());
  flush();
  CHECK(account.snapshot().l7_requests_made.empty());
  answer({c.cookie});
  say(c.cookie, fine, false, fine.size());
  w.closed(c);
  const auto s = snapshot();
  REQUIRE(s.l7_requests_made.size() == 1);
  CHECK(s.l7_requests_made[0].count == 2);
  CHECK(s.l7_requests_made[0].place.destination == "10.0.0.2:80");
  CHECK(s.l7_requests_made[0].place.actual_destination == "10.1.0.7:8080");
}

TEST_CASE_FIXTURE(translating, "a chunk may be the first that is heard of a connection") {
  say(1, get, true, 0);
  CHECK(ask().size() == 1);
  answer({1});
  say(1, fine, false, 0);
  const auto s = snapshot();
  REQUIRE(s.l7_requests_made.size() == 1);
  CHECK(s.l7_requests_made[0].place.actual_destination == "10.1.0.7:8080");
}

TEST_CASE_FIXTURE(translating, "datagrams wait, too: a name server is mostly a service") {
  using namespace std::string_view_literals;
  constexpr auto query = "\0\1\1\0\0\1\0\0\0\0\0\0\1a\2io\0\0\1\0\1"sv;
  constexpr auto reply = "\0\1\x81\x80\0\1\0\0\0\0\0\0\1a\2io\0\0\1\0\1"sv;
  for (uint64_t cookie = 1; cookie <= 2; ++cookie) {
    say(cookie, query, true, 0, EVENT_L7_DATAGRAM);
    say(cookie, reply, false, 0, EVENT_L7_DATAGRAM);
  }
  const auto asked = ask();
  REQUIRE(asked.size() == 2);
  CHECK(asked[0].udp);
  CHECK(account.snapshot().l7_requests_made.empty());
  nat_answers answers;
  answers.translated = {{1, nat("10.0.0.2", 53), nat("10.1.0.9", 53)}};
  account.answered(answers);
  const auto made = account.snapshot().l7_requests_made;
  REQUIRE(made.size() == 2);
  for (const auto& x : made) {
    CHECK(x.place.protocol == l7_protocol::dns);
    CHECK(x.place.destination == "10.0.0.2:53");
    CHECK(x.count == 1);
  }
  CHECK(made[0].place.actual_destination != made[1].place.actual_destination);
}

TEST_CASE_FIXTURE(translating, "without an answer they count as going where they say") {
  w.opened({.cookie = 1});
  CHECK(ask().size() == 1);
  w.opened({.cookie = 2});
  flush();
  account.unanswered();
  account.open_questions(false);
  w.opened({.cookie = 3});
  CHECK(ask().empty());
  CHECK(outbound().successful_connects == 3);
  CHECK(outbound().actual_destination == "10.0.0.2:80");
  CHECK(account.snapshot().nat.unanswered == 2);
  account.open_questions(true);
  w.opened({.cookie = 4});
  CHECK(ask().size() == 1);
  answer({}, 1);
  CHECK(account.snapshot().nat.unanswered == 3);
}

TEST_CASE_FIXTURE(translating,
                  "a socket that dials somebody else meanwhile waits no longer for the first") {
  test_connection c{.flags = 0, .opened_ns = 0};
  w.connect_failed(c);
  c.ends = endpoints("10.0.0.1", 40001, "10.0.0.3", 80);
  w.connect_failed(c);
  const auto asked = ask();
  REQUIRE(asked.size() == 1);
  CHECK(asked[0].ends.local_port == 40001);
  answer({c.cookie});
  const auto s = snapshot();
  REQUIRE(s.outbound.size() == 2);
  CHECK(s.outbound[0].actual_destination == "10.0.0.2:80");
  CHECK(s.outbound[0].failed_connects == 1);
  CHECK(s.outbound[1].failed_connects == 1);
}

TEST_CASE_FIXTURE(translating,
                  "who always goes where he says is asked for dozens of times a second") {
  w.now_ns = 100 * second_ns;
  uint64_t cookie = 0;
  size_t asked = 0;
  const auto dial = [&](size_t times) {
    for (size_t i = 0; i < times; ++i) {
      w.opened({.cookie = ++cookie});
      asked += ask().size();
      answer();
    }
  };
  dial(500);
  CHECK(asked == destination_tally::asked_enough);
  w.now_ns = 101 * second_ns;
  dial(500);
  CHECK(asked == 2 * destination_tally::asked_enough);
  CHECK(account.snapshot().nat.skipped == 1000 - asked);
  CHECK(outbound().successful_connects == 1000);
  // A single translated one, and all are asked for again.
  w.now_ns = 102 * second_ns;
  w.opened({.cookie = ++cookie});
  CHECK(ask().size() == 1);
  answer({cookie});
  asked = 0;
  dial(500);
  CHECK(asked == 500);
}

TEST_CASE_FIXTURE(translating,
                  "records that wait are bounded: beyond, a connection goes where it says") {
  test_connection c{.cookie = 1};
  w.opened(c);
  CHECK(ask().size() == 1);
  const std::string big(30'000, 'x');
  uint64_t position = 0;
  while (account.snapshot().nat.unanswered == 0 && position < 2 * translation_queue::bytes_max) {
    say(1, big, true, position);
    position += big.size();
    flush();
  }
  CHECK(account.snapshot().nat.unanswered == 1);
  CHECK(position > translation_queue::bytes_max / 2);
  answer({1}); // Too late.
  CHECK(outbound().actual_destination == "10.0.0.2:80");
}

TEST_CASE_FIXTURE(translating, "who adopts a container asks again for those that wait there") {
  w.opened({.cookie = 1}).opened({.cookie = 2});
  CHECK(ask().size() == 2);
  nat_answers answers;
  container_account heir{2, {}};
  heir.open_questions(true);
  w.opened({.cookie = 3});
  flush();
  heir.merge(account.hand_over());
  const auto questions = heir.next_questions();
  REQUIRE(questions);
  CHECK(questions->container == 2);
  CHECK(questions->asked.size() == 3);
  answers.translated = {{1, service, backend}, {2, service, backend}, {3, service, backend}};
  heir.answered(answers);
  REQUIRE(heir.snapshot().outbound.size() == 1);
  CHECK(heir.snapshot().outbound[0].successful_connects == 3);
  CHECK(heir.snapshot().outbound[0].actual_destination == "10.1.0.7:8080");
}

TEST_CASE_FIXTURE(translating, "an heir that can ask nobody counts what waited") {
  w.opened({.cookie = 1});
  flush();
  container_account heir{2, {}};
  heir.merge(account.hand_over());
  REQUIRE(heir.snapshot().outbound.size() == 1);
  CHECK(heir.snapshot().outbound[0].actual_destination == "10.0.0.2:80");
}

TEST_CASE_FIXTURE(translating, "a translated connection that is handed over stays translated") {
  const test_connection c;
  w.opened(c);
  CHECK(ask().size() == 1);
  answer({c.cookie});
  container_account heir{2, {}};
  heir.merge(account.hand_over());
  w.closed(c, {.sent = 9});
  heir.consume(w.take(), w.now_ns);
  REQUIRE(heir.snapshot().outbound.size() == 1);
  CHECK(heir.snapshot().outbound[0].actual_destination == "10.1.0.7:8080");
  CHECK(heir.snapshot().outbound[0].bytes_sent == 9);
}
