// SPDX-License-Identifier: Apache-2.0
#include "actors/container/l7/zookeeper/zookeeper.hpp"

#include "actors/container/l7/protocols.hpp"
#include "tests/container/l7/byte_order.hpp"
#include "tests/container/l7/dialogue.hpp"

#include <doctest/doctest.h>

#include <random>
#include <string>
#include <vector>

using namespace troupe;
using namespace troupe::l7;

namespace {

using texts = std::vector<std::string>;

std::string number(int64_t x, unsigned bytes = 4) {
  return big_endian(static_cast<uint64_t>(x), bytes);
}
std::string framed(const std::string& x) {
  return number(static_cast<int64_t>(x.size())) + x;
}
std::string text(const std::string& x) {
  return framed(x);
}

std::string connect() {
  return framed(number(0) + number(0, 8) + number(10'000) + number(0, 8)
                + framed(std::string(16, '\0')) + '\0');
}
std::string connected(int timeout_ms = 10'000) {
  return framed(number(0) + number(timeout_ms) + number(0x1234, 8) + framed(std::string(16, 'p'))
                + '\0');
}
std::string request(int xid, int opcode, const std::string& rest) {
  return framed(number(xid) + number(opcode) + rest);
}
std::string get_data(int xid, const std::string& path) {
  return request(xid, 4, text(path) + '\0');
}
std::string reply(int xid, int error, const std::string& rest = {}) {
  return framed(number(xid) + number(77, 8) + number(error) + rest);
}
const std::string ping = request(-2, 11, "");
const std::string pinged = reply(-2, 0);
const std::string watch = reply(-1, 0, number(1) + number(3) + text("/a"));

match classify(const std::string& from_client, const std::string& from_server = {},
               bool in_midstream = false) {
  return zookeeper_protocol.classify({from_client, from_server, 2181, in_midstream});
}

} // namespace

TEST_CASE("zookeeper: the request for a session is unmistakable") {
  CHECK(classify(connect()) == match::yes);
  CHECK(classify(connect(), connected()) == match::yes);
  for (size_t n = 0; n < 32; ++n)
    CHECK(classify(connect().substr(0, n)) == match::perhaps);
  CHECK(classify("ruok") == match::no);
  CHECK(classify("", connected()) == match::no);
  CHECK(classify(get_data(1, "/a")) == match::no);
  CHECK(classify({"\x16\x03\x01\x02\x00\x01", 6}) == match::no);
  CHECK(classify({"\0\0\0\x08\x04\xd2\x16\x2f", 8}) == match::no); // PostgreSQL.
  std::mt19937 random{7};
  for (int i = 0; i < 10'000; ++i) {
    std::string bytes(64, '\0');
    for (auto& c : bytes)
      c = static_cast<char>(random());
    REQUIRE(classify(bytes) == match::no);
    REQUIRE(classify(bytes, bytes, true) != match::yes);
  }
}

TEST_CASE("zookeeper: nobody else takes it for theirs") {
  const auto from_client = connect();
  const auto from_server = connected();
  for (const auto* x : protocols()) {
    const auto result = x->classify({from_client, from_server, 2181, false});
    if (result != match::no)
      CHECK(x->name == l7_protocol::zookeeper);
    if (result == match::yes)
      break;
  }
}

TEST_CASE("zookeeper: in midstream a ping or a path tells") {
  CHECK(classify(ping, "", true) == match::yes);
  CHECK(classify(get_data(9, "/brokers/ids"), "", true) == match::yes);
  CHECK(classify("", pinged, true) == match::perhaps);
  CHECK(classify(request(9, 4, text("no path")), "", true) == match::no);
}

TEST_CASE("zookeeper: a session with what is common") {
  const std::vector<line> lines{
      client(connect()),
      server(connected()),
      client(get_data(1, "/config") + request(2, 3, text("/none") + '\1')),
      server(reply(1, 0, text("value") + std::string(68, 's')) + watch + reply(2, -101)),
      client(ping),
      client(request(3, 1, text("/locks/a") + text("data") + number(0) + number(0))),
      server(pinged + reply(3, -110)),
      client(request(-4, 100, number(0) + text("digest") + text("secret"))),
      server(reply(-4, -115)),
      client(request(4, -11, "")),
      server(reply(4, 0)),
  };
  however_cut(zookeeper_protocol, lines, [](const outcome& heard) {
    CHECK(heard.texts()
          == texts{"connect -> 0 ok", "getData -> 0 ok", "exists -> -101 ok",
                   "create -> -110 failed", "auth -> -115 failed", "closeSession -> 0 ok"});
    CHECK(heard.lost_bytes() == 0);
    CHECK(heard.exchanges.at(1).detail == "/config");
    CHECK(heard.exchanges.at(4).detail.empty()); // No password.
  });
  dialogue x{zookeeper_protocol};
  x.say(lines);
  const auto& get = x.heard.exchanges[1];
  CHECK(get.protocol == l7_protocol::zookeeper);
  CHECK(get.duration_ns == 1'000'000);
  CHECK(get.request_bytes == get_data(1, "/config").size());
  CHECK(get.response_bytes == 20 + 4 + 5 + 68);
}

TEST_CASE("zookeeper: a session that is over already is refused") {
  dialogue x{zookeeper_protocol};
  x.say({client(connect()), server(connected(0))});
  CHECK(x.heard.texts() == texts{"connect -> 0 failed"});
}

TEST_CASE("zookeeper: a transaction is refused by the error of one of its operations") {
  const auto error = [](int code) {
    return number(-1) + '\0' + number(code) + number(code);
  };
  const auto done = number(-1) + '\1' + number(-1);
  const std::vector<line> lines{
      client(request(1, 14, number(1) + '\0' + number(-1)) + request(2, 14, "")
             + request(3, 14, "")),
      server(reply(1, 0, error(0) + error(-101) + error(-2) + done)
             + reply(2, 0, number(5) + '\0' + number(0) + std::string(68, 's') + done)
             + reply(3, -4)),
  };
  however_cut(zookeeper_protocol, lines, [](const outcome& heard) {
    CHECK(heard.texts() == texts{"multi -> -101 failed", "multi -> 0 ok", "multi -> -4 failed"});
  });
}

TEST_CASE("zookeeper: of large nodes only the beginning was captured") {
  dialogue x{zookeeper_protocol};
  x.say({client(connect()), server(connected())});
  for (int i = 1; i < 4; ++i)
    x.say({client(request(i, 5, text("/big") + text(std::string(300'000, 'x')) + number(-1))),
           server(reply(i, 0, std::string(200'000, 's')))},
          65'536);
  x.close();
  CHECK(x.heard.texts()
        == texts{"connect -> 0 ok", "setData -> 0 ok", "setData -> 0 ok", "setData -> 0 ok"});
  CHECK(x.heard.lost_bytes() == 0);
}

TEST_CASE(
    "zookeeper: lost answers leave their requests without, by xid no other takes their place") {
  dialogue x{zookeeper_protocol};
  x.say({client(connect()), server(connected()), client(get_data(1, "/a")),
         client(get_data(2, "/b"))});
  x.lose(side::server, 90);
  x.say({server("rest of an answer"), server(reply(2, -101)), client(get_data(3, "/c"))});
  x.lose(side::client, 90);
  x.say({server(reply(3, 0)), server(reply(4, 0)), client(get_data(5, "/e")), server(reply(5, 0))});
  x.close();
  CHECK(x.heard.texts()
        == texts{"connect -> 0 ok", "getData -> 0 unknown", "getData -> -101 failed",
                 "getData -> 0 ok", "getData -> 0 ok"});
  CHECK(x.heard.lost[static_cast<size_t>(unparsed::unanswered)] == reply(4, 0).size());
}

TEST_CASE("zookeeper: an answer that we hear of before its request waits for it") {
  dialogue x{zookeeper_protocol};
  x.say({server(connected()), client(connect()), client(get_data(1, "/a")),
         server(reply(1, 0) + reply(2, -101)), client(get_data(2, "/b")), server(reply(3, 0))});
  x.close();
  CHECK(x.heard.texts() == texts{"connect -> 0 ok", "getData -> 0 ok", "getData -> -101 failed"});
  CHECK(x.heard.lost[static_cast<size_t>(unparsed::unanswered)] == reply(3, 0).size());
}

TEST_CASE("zookeeper: attached in midstream, and left with a question") {
  dialogue x{zookeeper_protocol};
  x.lose(side::client, 1000);
  x.lose(side::server, 1000);
  x.say({server(reply(8, 0)), client(get_data(9, "/a")), server(reply(9, 0)),
         client(get_data(10, "/b"))});
  x.close();
  CHECK(x.heard.texts() == texts{"getData -> 0 ok"});
  CHECK(x.heard.lost[static_cast<size_t>(unparsed::unanswered)] == get_data(10, "/b").size());
}

TEST_CASE("zookeeper: nonsense is out of sync") {
  dialogue x{zookeeper_protocol};
  x.say({client(connect()), server(connected()), client(request(1, 12345, "xx")),
         client(get_data(2, "/a")),
         server("\xff\xff\xff\xff"
                "abcd"),
         server(reply(2, 0))});
  x.close();
  CHECK(x.heard.texts() == texts{"connect -> 0 ok", "getData -> 0 ok"});
  CHECK(x.heard.lost[static_cast<size_t>(unparsed::out_of_sync)] == 14 + 8);
}
