// SPDX-License-Identifier: Apache-2.0
#include "actors/container/l7/datagrams.hpp"

#include "actors/container/l7/dns/message.hpp"
#include "tests/container/records.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace troupe;
using namespace troupe::l7;

namespace {

using texts = std::vector<std::string>;

std::string number(unsigned x) {
  return {static_cast<char>(x >> 8), static_cast<char>(x)};
}

std::string message(unsigned id, unsigned flags, char name, const std::string& records = {},
                    unsigned answers = 0) {
  return number(id) + number(flags) + number(1) + number(answers) + number(0) + number(0) + "\1"
         + std::string{name, '\0'} + number(1) + number(1) + records;
}
std::string query(unsigned id, char name) {
  return message(id, 0x0100, name);
}
/// With the address 192.0.2.1, which is that of the name that was asked for.
std::string success(unsigned id, char name) {
  return message(id, 0x8180, name,
                 "\xc0\x0c" + number(1) + number(1) + number(0) + number(60) + number(4)
                     + std::string{"\xc0\0\2\1", 4},
                 1);
}
std::string refusal(unsigned id, char name) {
  return message(id, 0x8183, name);
}

struct datagrams_test : observer {
  datagrams table;
  texts exchanges;
  texts names;
  uint64_t lost = 0;
  std::vector<uint64_t> opaque;
  std::vector<uint64_t> over;
  uint64_t now_ns = second_ns;

  void exchanged(const connection_ends& ends, l7_exchange x) override {
    exchanges.push_back(std::to_string(ends.socket_cookie) + (ends.outbound ? " > " : " < ")
                        + std::to_string(ends.endpoints.remote[15]) + ":"
                        + std::to_string(ends.endpoints.remote_port) + " " + x.operation + " "
                        + std::string{to_string(x.outcome)});
  }
  void resolved(const connection_ends& ends, std::string_view name,
                const std::array<uint8_t, 16>& address) override {
    names.push_back(std::string{name} + (ends.outbound ? " is " : " was told to be ")
                    + dns::address_text(address));
  }
  void not_understood(l7_protocol, unparsed, uint64_t bytes) override { lost += bytes; }
  void captured(l7_protocol, uint64_t) override {}
  void decided(uint64_t cookie, const l7_verdict& verdict) override {
    if (verdict.opaque != 0)
      opaque.push_back(cookie);
  }
  void forgotten(uint64_t cookie) override { over.push_back(cookie); }
  void turned(const connection_ends&, l7_protocol, const turn_counts&) override {}

  void say(uint64_t cookie, bool sent, uint16_t local_port, const std::string& remote,
           uint16_t remote_port, const std::string& bytes) {
    l7_chunk record{};
    record.header.kind = EVENT_L7_DATAGRAM;
    record.header.time_ns = now_ns += 1'000'000;
    record.socket_cookie = cookie;
    record.size = static_cast<uint32_t>(bytes.size());
    record.captured = static_cast<uint16_t>(bytes.size());
    record.flags = sent ? L7_SENT : 0;
    record.endpoints = endpoints("10.0.0.1", local_port, remote, remote_port);
    table.take(record, bytes, *this);
  }
  /// A client's socket that is connected.
  void ask(uint64_t cookie, const std::string& bytes) {
    say(cookie, true, 40000, "10.0.0.53", 53, bytes);
  }
  void hear(uint64_t cookie, const std::string& bytes) {
    say(cookie, false, 40000, "10.0.0.53", 53, bytes);
  }
};

} // namespace

TEST_CASE_FIXTURE(datagrams_test, "datagrams: two questions on one socket, answered the other way "
                                  "round, and nothing is left") {
  ask(1, query(7, 'a'));
  ask(1, query(8, 'b'));
  CHECK(table.size() == 1);
  hear(1, refusal(8, 'b'));
  hear(1, success(7, 'a'));
  CHECK(exchanges == texts{"1 > 53:53 A b failed", "1 > 53:53 A a ok"});
  CHECK(names == texts{"a is 192.0.2.1"});
  CHECK(table.size() == 0);
}

TEST_CASE_FIXTURE(datagrams_test, "datagrams: a server's clients are known by its answers") {
  for (const char name : {'a', 'b'})
    say(2, false, 53, "::", 0, query(7, name));
  say(2, true, 53, "10.0.0.9", 4444, success(7, 'b'));
  say(2, true, 53, "10.0.0.8", 3333, success(7, 'a'));
  CHECK(exchanges == texts{"2 < 9:4444 A b ok", "2 < 8:3333 A a ok"});
  CHECK(names == texts{"b was told to be 192.0.2.1", "a was told to be 192.0.2.1"});
}

TEST_CASE_FIXTURE(datagrams_test, "datagrams: whom a socket asked that is not connected is known "
                                  "by the question") {
  say(3, true, 40000, "10.0.0.3", 53, query(7, 'a'));
  say(3, true, 40000, "10.0.0.4", 53, query(9, 'a'));
  say(3, false, 40000, "::", 0, success(9, 'a'));
  say(3, false, 40000, "::", 0, success(7, 'a'));
  CHECK(exchanges == texts{"3 > 4:53 A a ok", "3 > 3:53 A a ok"});
  CHECK(lost == 0);
}

TEST_CASE_FIXTURE(datagrams_test, "datagrams: a server that asks others from its own port") {
  say(2, false, 53, "::", 0, query(7, 'a'));
  say(2, true, 53, "10.0.0.3", 53, query(1, 'a'));
  say(2, false, 53, "::", 0, success(1, 'a'));
  say(2, true, 53, "10.0.0.9", 4444, success(7, 'a'));
  CHECK(exchanges == texts{"2 > 3:53 A a ok", "2 < 9:4444 A a ok"});
}

TEST_CASE_FIXTURE(datagrams_test, "datagrams: a question that is repeated is another one; what "
                                  "nobody answers is told after a while") {
  ask(1, query(7, 'a'));
  ask(1, query(7, 'a'));
  hear(1, success(7, 'a'));
  CHECK(exchanges == texts{"1 > 53:53 A a ok"});
  table.expire(now_ns + 9 * second_ns, *this);
  CHECK(exchanges.size() == 1);
  table.expire(now_ns + 11 * second_ns, *this);
  CHECK(exchanges == texts{"1 > 53:53 A a ok", "1 > 53:53 A a unknown"});
  CHECK(table.size() == 0);
}

TEST_CASE_FIXTURE(datagrams_test, "datagrams: an answer to nothing is not understood") {
  hear(1, success(7, 'a'));
  CHECK(exchanges.empty());
  CHECK(names.empty());
  CHECK(lost == success(7, 'a').size());
  CHECK(table.size() == 0);
}

TEST_CASE_FIXTURE(datagrams_test, "datagrams: addresses of other names than the one that was asked "
                                  "for are nobody's") {
  ask(1, query(7, 'a'));
  hear(1, message(7, 0x8180, 'a',
                  std::string{"\1b\0", 3} + number(1) + number(1) + number(0) + number(60)
                      + number(4) + std::string{"\xc0\0\2\1", 4},
                  1));
  CHECK(exchanges.size() == 1);
  CHECK(names.empty());
}

TEST_CASE_FIXTURE(datagrams_test, "datagrams: a socket that says nothing that is understood is "
                                  "opaque; a server that is sent such things is not") {
  say(2, false, 53, "::", 0, query(7, 'a'));
  for (uint32_t i = 0; i < 2 * datagrams::strange_most; ++i) {
    ask(1, "no such thing");
    say(2, false, 53, "::", 0, "no such thing");
  }
  CHECK(opaque == std::vector<uint64_t>{1});
  ask(1, query(1, 'a'));
  hear(1, success(1, 'a'));
  CHECK(exchanges.empty());
  say(2, true, 53, "10.0.0.9", 4444, success(7, 'a'));
  CHECK(exchanges.size() == 1);
  table.expire(now_ns + datagrams::silent_most_ns + second_ns, *this);
  CHECK(over == std::vector<uint64_t>{1});
  CHECK(table.size() == 0);
}

TEST_CASE_FIXTURE(datagrams_test, "datagrams: sockets and peers have bounds, and who has to go is "
                                  "counted") {
  for (uint64_t i = 1; i <= datagrams::most + 10; ++i)
    ask(i, query(7, 'a'));
  CHECK(table.size() == datagrams::most);
  CHECK(exchanges.size() == 10);
  exchanges.clear();
  for (unsigned i = 1; i <= datagrams::peers_most + 2; ++i)
    say(99'999'999, true, 40000, "10.0.1." + std::to_string(i), 53, query(7, 'a'));
  CHECK(exchanges.size() == 3); // And the socket's own place.
}
