// SPDX-License-Identifier: Apache-2.0
#include "actors/container/l7/dubbo/dubbo.hpp"
#include "actors/container/l7/early_answers.hpp"
#include "tests/container/l7/byte_order.hpp"
#include "tests/container/l7/dialogue.hpp"

#include <doctest/doctest.h>

#include <random>
#include <string>
#include <vector>

using namespace troupe;
using namespace troupe::l7;
using texts = std::vector<std::string>;

namespace {

constexpr int hessian2 = 2;
constexpr int fastjson = 6;
constexpr int request = 0x80;
constexpr int two_way = 0x40;
constexpr int event = 0x20;

constexpr auto number = big_endian;
std::string message(int flags, int status, uint64_t id, const std::string& body) {
  return "\xda\xbb" + number(static_cast<uint64_t>(flags), 1)
         + number(static_cast<uint64_t>(status), 1) + number(id, 8) + number(body.size(), 4) + body;
}
std::string text(const std::string& x) { // As Hessian 2 writes it.
  return (x.size() < 32 ? number(x.size(), 1) : number(0x3000 | x.size(), 2)) + x;
}
std::string call(uint64_t id, const std::string& method, size_t argument_bytes = 8) {
  return message(request | two_way | hessian2, 0, id,
                 text("2.0.2") + text("org.shop.inventory.api.v2.StockService") + text("1.0")
                     + text(method) + text("I") + std::string(argument_bytes, 'a'));
}
std::string answer(uint64_t id, int kind, size_t bytes = 8) {
  return message(hessian2, 20, id,
                 number(0x90U + static_cast<unsigned>(kind), 1) + std::string(bytes, 'r'));
}
const std::string service = "org.shop.inventory.api.v2.StockService.";

} // namespace

TEST_CASE("dubbo: calls, their answers, and exceptions") {
  const std::vector<line> lines{
      client(call(1, "take")),
      server(answer(1, 1)),
      client(call(2, "take") + call(3, "put")),
      server(answer(3, 5) + answer(2, 3)),
      client(call(4, "gone")),
      server(message(hessian2, 60, 4, text("no such service"))),
      client(message(request | two_way | event | hessian2, 0, 5, "N")),
      server(message(event | hessian2, 20, 5, "N")),
      client(message(request | hessian2, 0, 6,
                     text("2.0.2") + text("a.B") + text("") + text("tell")))};
  however_cut(dubbo_protocol, lines, [](const outcome& x) {
    CHECK(x.texts()
          == texts{service + "take -> 20 ok", service + "put -> 20 ok",
                   service + "take -> 20 failed", service + "gone -> 60 failed",
                   "a.B.tell -> 0 unknown"});
    CHECK(x.exchanges[0].duration_ns == 1'000'000);
    CHECK(x.exchanges[0].request_bytes == call(1, "take").size());
    CHECK(x.exchanges[0].response_bytes == answer(1, 1).size());
    CHECK(x.exchanges[0].detail == "1.0");
    CHECK(x.lost_bytes() == 0);
  });
}

TEST_CASE("dubbo: other serializations") {
  const std::vector<line> lines{client(message(request | two_way | fastjson, 0, 1,
                                               "\"2.0.2\"\n\"a.B\"\nnull\n\"get\"\n\"I\"\n7\n")),
                                server(message(fastjson, 20, 1, "0\n{}\n")),
                                client(message(request | two_way | 21, 0, 2, "whatever")),
                                server(message(21, 20, 2, "whatever"))};
  however_cut(dubbo_protocol, lines, [](const outcome& x) {
    CHECK(x.texts() == texts{"a.B.get -> 20 failed", " -> 20 unknown"});
  });
}

TEST_CASE("dubbo: of big messages only the beginning is captured") {
  dialogue x{dubbo_protocol};
  x.say({client(call(1, "put", 200'000)), server(answer(1, 1, 300'000)), client(call(2, "take")),
         server(answer(2, 1))},
        30'000);
  x.close();
  CHECK(x.heard.texts() == texts{service + "put -> 20 ok", service + "take -> 20 ok"});
  CHECK(x.heard.lost_bytes() == 0);
}

TEST_CASE("dubbo: attached in mid-stream, bytes that were lost, calls without an answer") {
  dialogue x{dubbo_protocol};
  x.say({server(std::string(500, 'x')), client(std::string(300, 'x')), client(call(1, "a")),
         server(answer(1, 1)), server(answer(9, 1)), client(call(2, "b"))});
  x.lose(side::server, 40);
  x.say({client(call(3, "c")), server(answer(3, 1))});
  x.close();
  CHECK(x.heard.texts() == texts{service + "a -> 20 ok", service + "c -> 20 ok"});
  CHECK(x.heard.lost[static_cast<size_t>(unparsed::out_of_sync)] == 800);
  CHECK(x.heard.lost[static_cast<size_t>(unparsed::unanswered)]
        == answer(9, 1).size() + call(2, "b").size());
}

TEST_CASE("dubbo: an answer that we hear of before its call waits for it") {
  const std::vector<line> lines{server(answer(1, 1)), client(call(1, "take")),
                                server(answer(3, 5) + answer(2, 3)),
                                client(call(2, "put") + call(3, "give")), server(answer(4, 1))};
  however_cut(dubbo_protocol, lines, [](const outcome& x) {
    CHECK(x.texts()
          == texts{service + "take -> 20 ok", service + "put -> 20 failed",
                   service + "give -> 20 ok"});
    CHECK(x.exchanges[1].response_bytes == answer(2, 3).size());
    CHECK(x.exchanges[1].duration_ns == 0);
    CHECK(x.lost[static_cast<size_t>(unparsed::unanswered)] == answer(4, 1).size());
    CHECK(x.lost_bytes() == answer(4, 1).size());
  });
}

TEST_CASE("dubbo: calls of one send may all be answered before we hear of it") {
  std::string asked;
  std::string answered;
  for (uint64_t i = 0; i < 70; ++i) {
    asked += call(i, "m" + std::to_string(i % 10), 1);
    answered += answer(i, i % 5 == 0 ? 0 : 1, 1);
  }
  dialogue x{dubbo_protocol};
  for (const auto& said : {server(answered), client(asked)})
    x.say({said}, 1000);
  x.close();
  // More than are kept: the oldest ones found nobody.
  REQUIRE(x.heard.exchanges.size() == early_answers::most);
  for (size_t i = 0; i < early_answers::most; ++i) {
    const auto id = i + 70 - early_answers::most;
    CHECK(x.heard.exchanges[i].operation == service + "m" + std::to_string(id % 10));
    CHECK((x.heard.exchanges[i].outcome == l7_outcome::failed) == (id % 5 == 0));
  }
  CHECK(x.heard.lost[static_cast<size_t>(unparsed::unanswered)]
        == 6 * (answer(1, 1, 1).size() + call(1, "m1", 1).size()));
}

TEST_CASE("dubbo: an answer does not wait for long, nor for a call behind one that is missing") {
  dialogue x{dubbo_protocol};
  x.say({client(call(1, "a")), server(answer(1, 1)), server(answer(2, 1))});
  SUBCASE("too late") {
    for (int i = 0; i < 100; ++i) // A millisecond each.
      x.say({client(message(request | two_way | event | hessian2, 0, 9, "N"))});
  }
  SUBCASE("a call is missing") {
    x.lose(side::client, 50);
  }
  x.say({client(call(2, "b"))});
  CHECK(x.heard.lost[static_cast<size_t>(unparsed::unanswered)] == answer(2, 1).size());
  x.say({server(answer(2, 3))});
  x.close();
  CHECK(x.heard.texts() == texts{service + "a -> 20 ok", service + "b -> 20 failed"});
}

TEST_CASE("dubbo: recognised by its magic number") {
  const auto classify = dubbo_protocol.classify;
  CHECK(classify({call(1, "a"), {}, 20880, false}) == match::yes);
  CHECK(classify({call(1, "a").substr(0, 5), {}, 20880, false}) == match::perhaps);
  CHECK(classify({{}, answer(1, 1), 20880, true}) == match::yes);
  CHECK(classify({{}, answer(1, 1), 20880, false}) == match::perhaps); // Heard of too early.
  CHECK(classify({{}, "SSH-2.0-OpenSSH_9.2", 20880, false}) == match::no);
  const std::string client_hello{"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11};
  CHECK(classify({client_hello, {}, 20880, false}) == match::no);
  std::mt19937 random{1};
  for (int i = 0; i < 1000; ++i) {
    std::string bytes;
    for (int k = 0; k < 64; ++k)
      bytes += static_cast<char>(random());
    CHECK(classify({bytes, {}, 20880, i % 2 == 0}) == match::no);
  }
}
