// SPDX-License-Identifier: Apache-2.0
#include "actors/container/l7/mongo/mongo.hpp"
#include "tests/container/l7/byte_order.hpp"
#include "tests/container/l7/dialogue.hpp"

#include <doctest/doctest.h>

#include <bit>
#include <random>
#include <string>
#include <vector>

using namespace troupe;
using namespace troupe::l7;
using texts = std::vector<std::string>;

namespace {

constexpr auto number = little_endian;
std::string i32(uint32_t x) {
  return number(x, 4);
}
std::string cstring(const std::string& x) {
  return x + '\0';
}

// BSON: elements, and documents of them.
std::string text(const std::string& name, const std::string& value) {
  return "\x02" + cstring(name) + i32(static_cast<uint32_t>(value.size() + 1)) + cstring(value);
}
std::string integer(const std::string& name, uint32_t value) {
  return "\x10" + cstring(name) + i32(value);
}
std::string real(const std::string& name, double value) {
  return "\x01" + cstring(name) + number(std::bit_cast<uint64_t>(value), 8);
}
std::string document(const std::string& elements) {
  return i32(static_cast<uint32_t>(elements.size() + 5)) + cstring(elements);
}
std::string inner(const std::string& name, const std::string& elements, char type = '\x03') {
  return type + cstring(name) + document(elements);
}

std::string message(uint32_t op, uint32_t id, uint32_t to, const std::string& body) {
  return i32(static_cast<uint32_t>(body.size() + 16)) + i32(id) + i32(to) + i32(op) + body;
}
std::string msg(uint32_t id, uint32_t to, const std::string& elements, uint32_t flags = 0) {
  return message(2013, id, to, i32(flags) + number(0, 1) + document(elements));
}
std::string ask(uint32_t id, const std::string& command, const std::string& collection) {
  return msg(id, 0, text(command, collection) + text("$db", "shop"));
}
std::string fine(uint32_t to) {
  return msg(1000 + to, to, integer("n", 1) + real("ok", 1));
}

constexpr uint32_t more_to_come = 2;

} // namespace

TEST_CASE("mongo: commands and their answers") {
  const auto refused = real("ok", 0) + text("errmsg", "no") + integer("code", 26);
  const auto twice =
      integer("n", 0)
      + inner("writeErrors", inner("0", integer("index", 0) + integer("code", 11000)), '\x04')
      + real("ok", 1);
  const auto found = inner("cursor", number(0, 0) + text("ns", "shop.users")) + real("ok", 1);
  const std::vector<line> lines{
      client(msg(1, 0, integer("hello", 1) + text("$db", "admin"))),
      server(fine(1)),
      client(ask(2, "insert", "users")),
      server(fine(2)),
      client(ask(3, "insert", "users")),
      server(msg(9, 3, twice)),
      client(ask(4, "drop", "none")),
      server(msg(9, 4, refused)),
      client(ask(5, "find", "users")),
      server(msg(9, 5, found)),
      client(msg(6, 0,
                 "\x12" + cstring("getMore") + number(77, 8) + text("collection", "users")
                     + text("$db", "shop"))),
      server(msg(9, 6, text("errmsg", "gone") + integer("code", 43) + real("ok", 0)))};
  however_cut(mongo_protocol, lines, [](const outcome& x) {
    CHECK(x.texts()
          == texts{"hello -> 0 ok", "insert users -> 0 ok", "insert users -> 11000 failed",
                   "drop none -> 26 failed", "find users -> 0 ok", "getMore users -> 43 failed"});
    CHECK(x.exchanges[1].detail == "shop.users");
    CHECK(x.exchanges[1].duration_ns == 1'000'000);
    CHECK(x.exchanges[1].request_bytes == ask(2, "insert", "users").size());
    CHECK(x.exchanges[1].response_bytes == fine(2).size());
    CHECK(x.lost_bytes() == 0);
  });
}

TEST_CASE("mongo: requests at once are answered in any order") {
  std::string asked;
  std::string answered;
  for (uint32_t i = 1; i <= 20; ++i) {
    asked += ask(i, "find", "c" + std::to_string(i));
    answered = fine(i) + answered;
  }
  dialogue x{mongo_protocol};
  x.say({client(asked), server(answered)}, 300);
  REQUIRE(x.heard.exchanges.size() == 20);
  for (uint32_t i = 0; i < 20; ++i)
    CHECK(x.heard.exchanges[i].operation == "find c" + std::to_string(20 - i));
  CHECK(x.heard.lost_bytes() == 0);
}

TEST_CASE("mongo: a write that nobody confirms, and rows of documents before the command") {
  const auto rows = number(1, 1) + i32(4 + 10 + 12) + cstring("documents")
                    + document("\x0a" + cstring("x") + "\x0a" + cstring("yz"));
  const auto unconfirmed = msg(1, 0, text("insert", "logs") + text("$db", "shop"), more_to_come);
  const auto behind =
      message(2013, 2, 0, i32(0) + rows + number(0, 1) + document(text("insert", "users")));
  however_cut(mongo_protocol, {client(unconfirmed), client(behind), server(fine(2))},
              [](const outcome& x) {
                CHECK(x.texts() == texts{"insert logs -> 0 unknown", "insert users -> 0 ok"});
              });
}

TEST_CASE("mongo: a stream of answers to one request") {
  const auto state = [](uint32_t id, uint32_t to, uint32_t flags) {
    return msg(id, to, real("ok", 1), flags);
  };
  const std::vector<line> lines{client(ask(7, "hello", "")), server(state(101, 7, more_to_come)),
                                server(state(102, 101, more_to_come) + state(103, 102, 0)),
                                client(ask(8, "ping", "")), server(fine(8))};
  however_cut(mongo_protocol, lines, [](const outcome& x) {
    CHECK(x.texts() == texts{"hello -> 0 ok", "ping -> 0 ok"});
    CHECK(x.lost_bytes() == 0);
  });
}

TEST_CASE("mongo: the operations of old servers") {
  const auto query = [](uint32_t id, const std::string& name, const std::string& elements) {
    return message(2004, id, 0, i32(0) + cstring(name) + i32(0) + i32(1) + document(elements));
  };
  const auto reply = [](uint32_t to, uint32_t flags, const std::string& elements) {
    return message(1, 99, to, i32(flags) + number(0, 8) + i32(0) + i32(1) + document(elements));
  };
  const std::vector<line> lines{
      client(query(1, "admin.$cmd", integer("isMaster", 1))),
      server(reply(1, 8, real("ok", 1))),
      client(query(2, "shop.users", integer("age", 7))),
      server(reply(2, 8, real("ok", 0))),
      client(query(3, "shop.users", integer("age", 7))),
      server(reply(3, 2, text("$err", "bad") + integer("code", 17))),
      client(message(2002, 4, 0, i32(0) + cstring("shop.users") + document(integer("a", 1)))),
      client(message(2005, 5, 0, i32(0) + cstring("shop.users") + i32(10) + number(5, 8))),
      server(reply(5, 1, "")),
      client(message(2007, 6, 0, i32(0) + i32(1) + number(5, 8)))};
  however_cut(mongo_protocol, lines, [](const outcome& x) {
    CHECK(x.texts()
          == texts{"isMaster -> 0 ok", "query users -> 0 ok", "query users -> 17 failed",
                   "insert users -> 0 unknown", "getMore users -> 0 failed",
                   "killCursors -> 0 unknown"});
    CHECK(x.exchanges[1].detail == "shop.users");
  });
}

TEST_CASE("mongo: compressed messages are counted, and what they say is unknown") {
  const auto compressed = [](uint32_t id, uint32_t to, int by, const std::string& body) {
    return message(2012, id, to,
                   i32(2013) + i32(100) + number(static_cast<uint64_t>(by), 1) + body);
  };
  const auto plain = ask(2, "find", "users").substr(16);
  const std::vector<line> lines{
      client(compressed(1, 0, 2, "\x78\x9c zlib")), server(compressed(50, 1, 2, "\x78\x9c zlib")),
      client(compressed(2, 0, 0, plain)), server(compressed(51, 2, 0, fine(2).substr(16)))};
  however_cut(mongo_protocol, lines, [](const outcome& x) {
    CHECK(x.texts() == texts{"compressed -> 0 unknown", "find users -> 0 ok"});
  });
}

TEST_CASE("mongo: of big messages only the beginning is captured") {
  const std::string padding(100'000, 'p');
  dialogue x{mongo_protocol};
  x.say({client(msg(1, 0, text("insert", "users") + text("$db", "shop") + text("pad", padding))),
         server(fine(1)), client(ask(2, "find", "users")),
         server(msg(9, 2, inner("cursor", text("pad", padding)) + real("ok", 1))),
         client(ask(3, "odd", "users")), server(msg(9, 3, text("pad", padding) + real("ok", 1))),
         client(ask(4, "find", "users")), server(fine(4))},
        30'000);
  x.close();
  CHECK(x.heard.texts()
        == texts{"insert users -> 0 ok", "find users -> 0 ok", "odd users -> 0 unknown",
                 "find users -> 0 ok"});
  CHECK(x.heard.lost_bytes() == 0);
}

TEST_CASE("mongo: many requests share a send, and their answers another") {
  std::string asked;
  std::string answered;
  for (uint32_t i = 0; i < 200; ++i) {
    asked += ask(i, "find", "users");
    answered += fine(i);
  }
  REQUIRE(asked.size() < mongo_protocol.client_bytes);
  REQUIRE(answered.size() > 4096);
  dialogue x{mongo_protocol};
  x.say({client(asked), server(answered), client(ask(1, "odd", "users")),
         server(msg(9, 1, text("pad", std::string(5'000, 'p')) + real("ok", 1)))});
  x.close();
  CHECK(x.heard.texts().size() == 201);
  CHECK(x.heard.texts().front() == "find users -> 0 ok");
  CHECK(x.heard.texts().back() == "odd users -> 0 ok");
  CHECK(x.heard.lost_bytes() == 0);
}

TEST_CASE("mongo: an answer that we hear of before its request waits for it") {
  dialogue x{mongo_protocol};
  x.say({client(ask(1, "find", "a")), server(fine(1) + fine(2)), client(ask(2, "find", "b")),
         server(fine(3))});
  x.close();
  CHECK(x.heard.texts() == texts{"find a -> 0 ok", "find b -> 0 ok"});
  CHECK(x.heard.exchanges[1].response_bytes == fine(2).size());
  CHECK(x.heard.lost[static_cast<size_t>(unparsed::unanswered)] == fine(3).size());
}

TEST_CASE("mongo: attached in mid-stream, bytes that were lost, and requests without an answer") {
  dialogue x{mongo_protocol};
  x.say({server(std::string(500, 'x')), client(std::string(300, 'x')), client(ask(1, "find", "a")),
         server(fine(1)), server(fine(77)), client(ask(2, "find", "b"))});
  x.lose(side::server, 40);
  x.say({client(ask(3, "find", "c")), server(fine(3))});
  x.close();
  CHECK(x.heard.texts() == texts{"find a -> 0 ok", "find c -> 0 ok"});
  CHECK(x.heard.lost[static_cast<size_t>(unparsed::out_of_sync)] == 800);
  CHECK(x.heard.lost[static_cast<size_t>(unparsed::unanswered)]
        == fine(77).size() + ask(2, "find", "b").size());
}

TEST_CASE("mongo: recognised by a request's header and its beginning") {
  const auto classify = mongo_protocol.classify;
  const auto request = ask(1, "find", "users");
  CHECK(classify({request, {}, 27017, false}) == match::yes);
  CHECK(classify({request, {}, 27017, true}) == match::yes);
  for (size_t size = 0; size < 25; ++size)
    CHECK(classify({request.substr(0, size), {}, 27017, false}) == match::perhaps);
  CHECK(classify({fine(1).substr(0, 12) + i32(1) + i32(0), {}, 27017, false}) == match::no);
  CHECK(classify({{}, fine(1), 27017, false}) == match::no);
  const std::string client_hello{
      "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\x11\x22\x33\x44\x55\x66", 17};
  CHECK(classify({client_hello, {}, 27017, false}) == match::no);
  CHECK(classify({"GET / HTTP/1.1\r\n\r\n", {}, 80, false}) == match::no);
  std::mt19937 random{1};
  for (int i = 0; i < 1000; ++i) {
    std::string bytes;
    for (int k = 0; k < 64; ++k)
      bytes += static_cast<char>(random());
    CHECK(classify({bytes, {}, 27017, i % 2 == 0}) == match::no);
  }
}
