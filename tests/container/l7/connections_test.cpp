// SPDX-License-Identifier: Apache-2.0
#include "actors/container/l7/connections.hpp"

#include <doctest/doctest.h>

#include <map>
#include <string>
#include <vector>

using namespace troupe;
using namespace troupe::l7;

namespace {

extern const protocol loud_lines; // Below.

/// Lines: "hello" begins it, each line of the client is answered with one of the server. "bye" ends
/// what can be understood, "louder" is an upgrade.
class line_talk final : public conversation {
public:
  void take(side from, const chunk& x, sink& out) override {
    if (from == side::client) {
      asked_ += x.captured;
    } else {
      l7_exchange exchange;
      exchange.protocol = l7_protocol::redis;
      exchange.operation = asked_;
      exchange.detail = x.captured;
      over_ = asked_ == "bye";
      is_loud_ = is_loud_ || asked_ == "louder";
      asked_.clear();
      out.exchanged(std::move(exchange));
    }
  }
  void close(sink& out) override { out.not_understood(unparsed::unanswered, asked_.size()); }
  [[nodiscard]] bool is_over() const override { return over_; }
  [[nodiscard]] const protocol* changed_to() const override {
    return is_loud_ ? &loud_lines : nullptr;
  }

private:
  std::string asked_;
  bool over_ = false;
  bool is_loud_ = false;
};

match is_lines(const opening& begun) {
  constexpr std::string_view front = "hello";
  if (begun.in_midstream)
    return match::no;
  if (begun.client.size() < front.size())
    return front.starts_with(begun.client) ? match::perhaps : match::no;
  return begun.client.starts_with(front) ? match::yes : match::no;
}

const protocol lines{l7_protocol::redis, is_lines,
                     [] { return std::unique_ptr<conversation>{new line_talk}; }, 100, 200};
const protocol loud_lines{l7_protocol::nats, is_lines,
                          [] { return std::unique_ptr<conversation>{new line_talk}; }, 300, 400};

struct l7_test : observer {
  std::vector<const protocol*> spoken{&lines};
  connections table{spoken};
  std::vector<std::string> exchanges;
  std::map<uint64_t, l7_verdict> verdicts;
  uint64_t lost = 0;
  uint64_t seen = 0;
  uint64_t turns = 0;
  l7_protocol last_seen = l7_protocol::opaque;
  std::map<uint64_t, std::map<bool, uint64_t>> positions;

  void exchanged(const connection_ends& ends, l7_exchange x) override {
    exchanges.push_back(std::to_string(ends.socket_cookie) + (ends.outbound ? " > " : " < ")
                        + x.operation + " = " + x.detail);
  }
  void not_understood(l7_protocol, unparsed, uint64_t bytes) override { lost += bytes; }
  void captured(l7_protocol name, uint64_t bytes) override {
    seen += bytes;
    last_seen = name;
  }
  void decided(uint64_t cookie, const l7_verdict& verdict) override { verdicts[cookie] = verdict; }
  void turned(const connection_ends&, l7_protocol, const turn_counts&) override { ++turns; }

  /// What the client or the server of a connection says, seen from the end that is told.
  void say(uint64_t cookie, bool outbound, bool by_client, std::string_view bytes,
           uint8_t flags = 0) {
    l7_chunk record{};
    record.socket_cookie = cookie;
    record.size = static_cast<uint32_t>(bytes.size());
    record.captured = static_cast<uint16_t>(bytes.size());
    const bool sent = by_client == outbound;
    record.flags =
        static_cast<uint8_t>(flags | (sent ? L7_SENT : 0) | (outbound ? L7_OUTBOUND : 0));
    auto& position = positions[cookie][by_client];
    record.position = position;
    position += bytes.size();
    table.take(record, bytes, *this);
  }
};

using texts = std::vector<std::string>;

} // namespace

TEST_CASE_FIXTURE(l7_test, "connections: what was said before it is clear what is spoken counts") {
  say(1, true, true, "he");
  CHECK(verdicts.empty());
  say(1, true, true, "llo");
  REQUIRE(verdicts.count(1) == 1);
  CHECK(verdicts[1].bytes[0] == 100);
  CHECK(verdicts[1].bytes[1] == 200);
  say(1, true, false, "world");
  CHECK(exchanges == texts{"1 > hello = world"});
  CHECK(seen == 10);
}

TEST_CASE_FIXTURE(l7_test, "connections: the server's end hears the same") {
  say(2, false, true, "hello");
  CHECK(verdicts[2].bytes[0] == 200); // It sends what servers say.
  CHECK(verdicts[2].bytes[1] == 100);
  say(2, false, false, "world");
  CHECK(exchanges == texts{"2 < hello = world"});
}

TEST_CASE_FIXTURE(l7_test, "connections: what nobody understands is opaque at once") {
  say(1, true, true, "\x16\x03\x01");
  CHECK(verdicts[1].opaque == 1);
  say(1, true, true, "hello");
  say(1, true, false, "world");
  CHECK(exchanges.empty());
}

TEST_CASE_FIXTURE(l7_test,
                  "connections: a protocol that is not wanted is opaque once it is clear") {
  const uint32_t off = 1U << static_cast<unsigned>(l7_protocol::redis);
  table = connections{spoken, off};
  say(1, true, true, "he");
  CHECK(verdicts.empty());
  say(1, true, true, "llo");
  CHECK(verdicts[1].opaque == 1);
  say(1, true, false, "world");
  CHECK(exchanges.empty());
  CHECK(seen == 0);
}

TEST_CASE_FIXTURE(l7_test, "connections: one that was open before is not taken at its first word") {
  say(1, true, true, "hello", L7_MIDSTREAM);
  CHECK(verdicts[1].opaque == 1);
}

TEST_CASE_FIXTURE(l7_test, "connections: a server that speaks first and no client is waited for, "
                           "but not for ever") {
  for (size_t i = 0; i + 1 < connections::opening_chunks_max; ++i)
    say(1, true, false, "x");
  CHECK(verdicts.empty());
  say(1, true, false, "x");
  CHECK(verdicts[1].opaque == 1);
}

TEST_CASE_FIXTURE(l7_test, "connections: what follows an upgrade is opaque") {
  say(1, true, true, "hello");
  say(1, true, false, "world");
  say(1, true, true, "bye");
  say(1, true, false, "bye");
  CHECK(exchanges.size() == 2);
  CHECK(verdicts[1].opaque == 1);
  say(1, true, true, "more");
  say(1, true, false, "more");
  CHECK(exchanges.size() == 2);
}

TEST_CASE_FIXTURE(l7_test,
                  "connections: after an upgrade it is captured as the new protocol wants it") {
  say(1, false, true, "hello");
  say(1, false, false, "world");
  say(1, false, true, "louder");
  CHECK(verdicts[1].bytes[0] == 200);
  CHECK(last_seen == l7_protocol::redis);
  say(1, false, false, "WHAT");
  CHECK(verdicts[1].bytes[0] == 400); // It sends what servers say.
  CHECK(verdicts[1].bytes[1] == 300);
  say(1, false, true, "MORE");
  CHECK(last_seen == l7_protocol::nats);
}

TEST_CASE_FIXTURE(l7_test, "connections: what nobody asked the kernel to count is not counted") {
  say(1, true, true, "hello");
  l7_turns record{};
  record.counts[0] = 5;
  for (const int rule : {int{L7_TURNS_NONE}, int{L7_TURNS_HTTP}, 200}) {
    record.rule = static_cast<uint8_t>(rule);
    for (record.socket_cookie = 1; record.socket_cookie < 3; ++record.socket_cookie)
      table.turned(record, *this); // A recording may say so: of one that is known, and of one not.
  }
  CHECK(turns == 0);
}

TEST_CASE_FIXTURE(l7_test, "connections: the kernel is told where a frame begins") {
  using namespace std::string_view_literals;
  table = connections{};
  constexpr auto settings = "\0\0\0\4\0\0\0\0\0"sv;
  constexpr auto ping = "\0\0\10\6\0\0\0\0\0pingpong"sv;
  say(1, true, true, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
  say(1, true, true, settings);
  CHECK(verdicts[1].frames == 0);
  say(1, true, false, settings);
  REQUIRE(verdicts[1].frames == 1);
  CHECK(verdicts[1].rest[0] == 24 + settings.size());
  CHECK(verdicts[1].rest[1] == settings.size());
  verdicts.clear(); // It is told again, but less and less often.
  say(1, true, false, ping.substr(0, 10));
  say(1, true, false, ping.substr(10));
  CHECK(verdicts.empty());
  say(1, true, false, ping);
  CHECK(verdicts[1].rest[1] == settings.size() + 2 * ping.size());
}

TEST_CASE_FIXTURE(l7_test,
                  "connections: a tail that was not asked for is bytes that are not there") {
  say(1, true, true, "hel", L7_TAIL);
  CHECK(verdicts.empty()); // It says nothing of how the connection began.
  say(1, true, true, "hello");
  REQUIRE(verdicts.count(1) == 1);
  CHECK(verdicts[1].tails == 0);
  say(1, true, false, "world", L7_TAIL);
  CHECK(exchanges == texts{"1 > hello = "});
  CHECK(seen == 5);
}

TEST_CASE_FIXTURE(l7_test, "connections: the end of a connection ends what it waits for") {
  say(1, true, true, "hello");
  table.closed(1, *this);
  CHECK(lost == 5);
  CHECK(table.size() == 0);
  table.closed(1, *this);
  CHECK(lost == 5);
}

TEST_CASE_FIXTURE(l7_test, "connections: their number has a bound") {
  for (uint64_t i = 1; i <= connections::most; ++i)
    say(i, true, true, "hello");
  CHECK(verdicts.size() == connections::most);
  say(99'999'999, true, true, "hello");
  CHECK(table.size() == connections::most);
  CHECK(verdicts[99'999'999].opaque == 1);
}
