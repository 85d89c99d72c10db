// SPDX-License-Identifier: Apache-2.0
#include "actors/container/l7/cassandra/cassandra.hpp"
#include "actors/container/l7/early_answers.hpp"
#include "tests/container/l7/dialogue.hpp"

#include <doctest/doctest.h>

#include <random>
#include <string>
#include <vector>

using namespace troupe;
using namespace troupe::l7;
using texts = std::vector<std::string>;

namespace {

std::string number(uint64_t x, unsigned bytes) {
  std::string result;
  for (unsigned i = bytes; i-- > 0;)
    result += static_cast<char>(x >> (8 * i));
  return result;
}
std::string text(const std::string& x) {
  return number(x.size(), 2) + x;
}
std::string long_text(const std::string& x) {
  return number(x.size(), 4) + x;
}

std::string message(int version, int flags, int stream, int opcode, const std::string& body) {
  return number(static_cast<uint64_t>(version), 1) + number(static_cast<uint64_t>(flags), 1)
         + number(static_cast<uint64_t>(stream), 2) + number(static_cast<uint64_t>(opcode), 1)
         + long_text(body);
}
std::string ask(int stream, int opcode, const std::string& body, int version = 4) {
  return message(version, 0, stream, opcode, body);
}
std::string say(int stream, int opcode, const std::string& body, int version = 4) {
  return message(version | 0x80, 0, stream, opcode, body);
}

constexpr int error = 0;
constexpr int startup = 1;
constexpr int ready = 2;
constexpr int options = 5;
constexpr int supported = 6;
constexpr int query = 7;
constexpr int result = 8;
constexpr int prepare = 9;
constexpr int execute = 10;
constexpr int event = 12;
constexpr int batch = 13;

std::string start(int version = 4, const std::string& more = {}) {
  return ask(0, startup,
             number(more.empty() ? 1 : 2, 2) + more + text("CQL_VERSION") + text("3.4.5"), version);
}
std::string select(int stream, const std::string& cql, int version = 4) {
  return ask(stream, query, long_text(cql) + number(1, 2) + number(0, 1), version);
}
std::string rows(int stream, size_t bytes = 20, int version = 4) {
  return say(stream, result, number(2, 4) + std::string(bytes, 'r'), version);
}
std::string refuse(int stream, uint32_t code, int version = 4) {
  return say(stream, error, number(code, 4) + text("no"), version);
}

// Version 5's frames: length and flag, their checksum, the payload, and a checksum that nobody here
// looks at.
std::string frame(const std::string& payload, bool whole = true) {
  const auto header = static_cast<uint32_t>(payload.size()) | (whole ? 1U << 17U : 0U);
  uint32_t crc = 0x875060;
  std::string bytes;
  for (unsigned i = 0; i < 3; ++i) {
    bytes += static_cast<char>(header >> (8 * i));
    crc ^= (header >> (8 * i) & 0xffU) << 16U;
    for (int bit = 0; bit < 8; ++bit)
      crc = (crc << 1U) ^ ((crc & 0x80'0000U) != 0 ? 0x1974f0bU : 0U);
    crc &= 0xff'ffffU;
  }
  for (unsigned i = 0; i < 3; ++i)
    bytes += static_cast<char>(crc >> (8 * i));
  return bytes + payload + "crc!";
}

} // namespace

TEST_CASE("cassandra: queries, their tables, and errors") {
  const std::vector<line> lines{client(ask(0, options, "")),
                                server(say(0, supported, number(0, 2))),
                                client(start()),
                                server(say(0, ready, "")),
                                client(select(1, "SELECT * FROM shop.orders WHERE id = 7")),
                                server(rows(1)),
                                client(select(2, "INSERT INTO orders (id) VALUES (1)")),
                                server(refuse(2, 0x1100)),
                                server(say(-1, event, text("STATUS_CHANGE"))),
                                client(ask(3, batch, number(0, 1) + number(1, 2))),
                                server(say(3, result, number(1, 4)))};
  however_cut(cassandra_protocol, lines, [](const outcome& x) {
    CHECK(x.texts()
          == texts{"OPTIONS -> 0 ok", "STARTUP -> 0 ok", "SELECT shop.orders -> 0 ok",
                   "INSERT orders -> 4352 failed", "BATCH -> 0 ok"});
    CHECK(x.exchanges[2].detail == "SELECT * FROM shop.orders WHERE id = 7");
    CHECK(x.exchanges[2].duration_ns == 1'000'000);
    CHECK(x.exchanges[2].response_bytes == rows(1).size());
    CHECK(x.lost_bytes() == 0);
  });
}

TEST_CASE("cassandra: what was prepared is known when it is executed") {
  const auto run = [](int stream, const std::string& id) {
    return ask(stream, execute, text(id) + number(1, 2) + number(0, 1));
  };
  const std::vector<line> lines{
      client(start()),
      server(say(0, ready, "")),
      client(ask(1, prepare, long_text("UPDATE carts SET n = ?"))
             + ask(2, prepare, long_text("DELETE FROM carts"))),
      server(refuse(2, 0x2000)
             + say(1, result, number(4, 4) + text("0123456789abcdef") + number(0, 4))),
      client(run(1, "0123456789abcdef") + run(2, "unknown")),
      server(rows(2) + rows(1))};
  however_cut(cassandra_protocol, lines, [](const outcome& x) {
    CHECK(x.texts()
          == texts{"STARTUP -> 0 ok", "PREPARE DELETE carts -> 8192 failed",
                   "PREPARE UPDATE carts -> 0 ok", "EXECUTE -> 0 ok", "UPDATE carts -> 0 ok"});
  });
}

TEST_CASE("cassandra: many streams at once, answered backwards") {
  std::string asked;
  std::string answered;
  for (int i = 0; i < 100; ++i) {
    asked += select(i, "SELECT a FROM t" + std::to_string(i));
    answered = (i % 10 == 0 ? refuse(i, 0x1200) : rows(i)) + answered;
  }
  dialogue x{cassandra_protocol};
  x.say({client(start()), server(say(0, ready, "")), client(asked), server(answered)}, 3000);
  REQUIRE(x.heard.exchanges.size() == 101);
  for (size_t i = 0; i < 100; ++i) {
    const auto& told = x.heard.exchanges[100 - i];
    CHECK(told.operation == "SELECT t" + std::to_string(i));
    CHECK((told.outcome == l7_outcome::failed) == (i % 10 == 0));
  }
  CHECK(x.heard.lost_bytes() == 0);
}

TEST_CASE("cassandra: what flags put before the body") {
  const auto warned = message(0x84, 0x02 | 0x04 | 0x08, 1, error,
                              std::string(16, 'u') + number(1, 2) + text("slow") + number(1, 2)
                                  + text("k") + long_text("v") + number(0x1000, 4) + text("no"));
  const auto asked =
      message(4, 0x04, 1, query,
              number(1, 2) + text("k") + number(0xffffffff, 4) + long_text("SELECT a FROM b"));
  const auto packed = message(4, 0x01, 2, query, "lz4");
  const std::vector<line> lines{client(start()), server(say(0, ready, "")),
                                client(asked),   server(warned),
                                client(packed),  server(message(0x84, 0x01, 2, error, "lz4lz4"))};
  however_cut(cassandra_protocol, lines, [](const outcome& x) {
    CHECK(x.texts() == texts{"STARTUP -> 0 ok", "SELECT b -> 4096 failed", "QUERY -> 0 failed"});
  });
}

TEST_CASE("cassandra: version 5 puts messages into frames once it is agreed") {
  const auto big = rows(3, 200, 5);
  const std::vector<line> lines{
      client(start(5)),
      server(say(0, ready, "", 5)),
      client(frame(select(1, "SELECT a FROM b", 5) + select(2, "SELECT c FROM d", 5))),
      server(frame(rows(2, 9, 5)) + frame(refuse(1, 0x2200, 5))),
      client(frame(select(3, "SELECT e FROM f", 5))),
      client(frame("")),
      server(frame(big.substr(0, 90), false) + frame(big.substr(90), false)
             + frame(say(-1, event, text("x"), 5)))};
  however_cut(cassandra_protocol, lines, [&](const outcome& x) {
    CHECK(x.texts()
          == texts{"STARTUP -> 0 ok", "SELECT d -> 0 ok", "SELECT b -> 8704 failed",
                   "SELECT f -> 0 ok"});
    CHECK(x.exchanges[3].response_bytes == big.size());
    CHECK(x.lost_bytes() == 0);
  });
}

TEST_CASE("cassandra: version 5's compressed frames hide the messages, and nobody looks on") {
  const auto spoken = cassandra_protocol.converse();
  outcome heard;
  const auto begun = start(5, text("COMPRESSION") + text("lz4"));
  const auto answer = say(0, ready, "", 5);
  spoken->take(side::client, {1, 0, begun.size(), begun}, heard);
  CHECK_FALSE(spoken->is_over());
  spoken->take(side::server, {2, 0, answer.size(), answer}, heard);
  CHECK(heard.texts() == texts{"STARTUP -> 0 ok"});
  CHECK(spoken->is_over());
}

TEST_CASE("cassandra: of big messages only the beginning is captured") {
  dialogue x{cassandra_protocol};
  SUBCASE("version 4") {
    x.say({client(start()), server(say(0, ready, "")),
           client(select(1, "INSERT INTO blobs (b) VALUES ('" + std::string(100'000, 'b') + "')")),
           server(rows(1)), client(select(2, "SELECT b FROM blobs")), server(rows(2, 300'000)),
           client(select(3, "SELECT b FROM blobs")), server(rows(3))},
          20'000);
  }
  SUBCASE("version 5") {
    const auto big = rows(2, 250'000, 5);
    x.say({client(start(5)), server(say(0, ready, "", 5)),
           client(frame(
               select(1, "INSERT INTO blobs (b) VALUES ('" + std::string(100'000, 'b') + "')", 5))),
           server(frame(rows(1, 9, 5))), client(frame(select(2, "SELECT b FROM blobs", 5)))});
    for (size_t at = 0; at < big.size(); at += 131'071)
      x.say({server(frame(big.substr(at, 131'071), false))});
    x.say({client(frame(select(3, "SELECT b FROM blobs", 5))), server(frame(rows(3, 9, 5)))});
  }
  x.close();
  CHECK(x.heard.texts()
        == texts{"STARTUP -> 0 ok", "INSERT blobs -> 0 ok", "SELECT blobs -> 0 ok",
                 "SELECT blobs -> 0 ok"});
  CHECK(x.heard.lost_bytes() == 0);
}

TEST_CASE("cassandra: behind version 5's frames that were not captured the next ones are read") {
  constexpr size_t frame_bytes = 131071; // The most; a large message fills all but the last.
  const auto in_frames = [](const std::string& large) {
    std::string frames;
    for (size_t at = 0; at < large.size(); at += frame_bytes)
      frames += frame(large.substr(at, frame_bytes), false);
    return frames;
  };
  dialogue x{cassandra_protocol};
  x.say({client(start(5)), server(say(0, ready, "", 5))});
  const auto insert = select(1, "INSERT INTO shop.orders VALUES ('" + std::string(1 << 20, 'x'), 5);
  x.say({client(in_frames(insert)), server(frame(say(1, result, number(1, 4), 5)))});
  for (int i = 2; i < 5; ++i)
    x.say({client(frame(select(i, "SELECT * FROM shop.orders", 5))),
           server(in_frames(rows(i, 1 << 20, 5)))});
  x.say({client(frame(select(5, "SELECT * FROM shop.nothing", 5))),
         server(frame(refuse(5, 0x2200, 5)))});
  x.close();
  CHECK(x.heard.texts()
        == texts{"STARTUP -> 0 ok", "INSERT shop.orders -> 0 ok", "SELECT shop.orders -> 0 ok",
                 "SELECT shop.orders -> 0 ok", "SELECT shop.orders -> 0 ok",
                 "SELECT shop.nothing -> 8704 failed"});
  CHECK(x.heard.exchanges[1].request_bytes == insert.size());
  CHECK(x.heard.lost[static_cast<size_t>(unparsed::unanswered)] == 0);
}

TEST_CASE("cassandra: an answer that we hear of before its request waits for it") {
  const std::vector<line> lines{server(say(0, supported, number(0, 2))),
                                client(ask(0, options, "")),
                                server(say(0, ready, "")),
                                client(start()),
                                server(refuse(2, 0x2200) + rows(1)),
                                client(select(1, "SELECT a FROM b")),
                                client(select(2, "SELECT a FROM c")),
                                server(rows(7))};
  however_cut(cassandra_protocol, lines, [](const outcome& x) {
    CHECK(x.texts()
          == texts{"OPTIONS -> 0 ok", "STARTUP -> 0 ok", "SELECT b -> 0 ok",
                   "SELECT c -> 8704 failed"});
    CHECK(x.exchanges[3].duration_ns == 0);
    CHECK(x.exchanges[3].response_bytes == refuse(2, 0x2200).size());
    CHECK(x.lost[static_cast<size_t>(unparsed::unanswered)] == rows(7).size());
    CHECK(x.lost_bytes() == rows(7).size());
  });
}

TEST_CASE("cassandra: version 5's frames begin with an answer that came too early, too") {
  const std::vector<line> lines{
      server(say(3, ready, "", 5)), client(start(5).replace(2, 2, number(3, 2))),
      server(frame(rows(1, 9, 5))), client(frame(select(1, "SELECT a FROM b", 5)))};
  however_cut(cassandra_protocol, lines, [](const outcome& x) {
    CHECK(x.texts() == texts{"STARTUP -> 0 ok", "SELECT b -> 0 ok"});
    CHECK(x.lost_bytes() == 0);
  });
}

TEST_CASE("cassandra: requests of one send may all be answered before we hear of it") {
  std::string asked;
  std::string answered;
  for (int i = 0; i < 70; ++i) {
    asked += select(i, "SELECT a FROM b");
    answered += i % 10 == 6 ? refuse(i, 0x1200) : rows(i);
  }
  dialogue x{cassandra_protocol};
  x.say({client(start()), server(say(0, ready, ""))});
  for (const auto& said : {server(answered), client(asked)})
    x.say({said}, 1000);
  x.close();
  // More than are kept: the oldest ones found nobody.
  REQUIRE(x.heard.exchanges.size() == 1 + early_answers::most);
  for (size_t i = 0; i < early_answers::most; ++i)
    CHECK((x.heard.exchanges[1 + i].outcome == l7_outcome::failed) == (i % 10 == 0));
  CHECK(x.heard.lost[static_cast<size_t>(unparsed::unanswered)]
        == 6 * (rows(1).size() + select(1, "SELECT a FROM b").size()));
}

TEST_CASE("cassandra: an answer does not wait for what it cannot be the answer of") {
  dialogue x{cassandra_protocol};
  x.say({client(start()), server(say(0, ready, "")), client(select(1, "SELECT a FROM b")),
         server(rows(1)), server(rows(2))});
  SUBCASE("too late") {
    for (int i = 0; i < 100; ++i) // A millisecond each.
      x.say({server(say(-1, event, text("STATUS_CHANGE")))});
  }
  SUBCASE("a request is missing") {
    x.lose(side::client, 50);
  }
  SUBCASE("of another kind") {
    x.say({client(ask(2, options, "")), server(say(2, supported, number(0, 2)))});
    x.heard.exchanges.pop_back();
  }
  x.say({client(select(2, "SELECT a FROM c"))});
  CHECK(x.heard.lost[static_cast<size_t>(unparsed::unanswered)] == rows(2).size());
  x.say({server(refuse(2, 0x2200))});
  x.close();
  CHECK(x.heard.texts() == texts{"STARTUP -> 0 ok", "SELECT b -> 0 ok", "SELECT c -> 8704 failed"});
}

TEST_CASE("cassandra: where requests are missing, nobody waits for one on a stream of theirs") {
  dialogue x{cassandra_protocol};
  SUBCASE("lost") {
    x.say({client(start()), server(say(0, ready, ""))});
    x.lose(side::client, 50);
  }
  SUBCASE("attached in mid-stream") {
    x.say({server(rows(2)), client(ask(0, options, "")), server(say(0, supported, number(0, 2)))});
    CHECK(x.heard.lost[static_cast<size_t>(unparsed::out_of_sync)] == rows(2).size());
  }
  x.heard.exchanges.clear();
  x.say({client(select(1, "SELECT a FROM b")), server(rows(1)), server(rows(2)),
         client(select(2, "SELECT a FROM c")), server(refuse(2, 0x2200)),
         // Both streams are known again.
         server(rows(2) + rows(1)),
         client(select(1, "SELECT a FROM d") + select(2, "SELECT a FROM e"))});
  x.close();
  CHECK(x.heard.texts()
        == texts{"SELECT b -> 0 ok", "SELECT c -> 8704 failed", "SELECT d -> 0 ok",
                 "SELECT e -> 0 ok"});
  CHECK(x.heard.lost[static_cast<size_t>(unparsed::unanswered)] == rows(2).size());
}

TEST_CASE("cassandra: attached in mid-stream, bytes that were lost, requests without an answer") {
  dialogue x{cassandra_protocol};
  SUBCASE("version 4") {
    x.say({server(std::string(500, 'x')), client(std::string(300, 'x')),
           client(select(1, "SELECT a FROM b")), server(rows(1)),
           client(select(2, "SELECT a FROM c"))});
    x.lose(side::server, 100);
    x.say({server("tail of something"), client(select(3, "SELECT a FROM d")), server(rows(3))});
    x.close();
    CHECK(x.heard.lost[static_cast<size_t>(unparsed::out_of_sync)] == 817);
  }
  SUBCASE("version 5: the rest of a message is passed until whole ones come") {
    x.say({server(frame(std::string(500, 'x'), false)), client(frame(std::string(300, 'x'), false)),
           client(frame(select(1, "SELECT a FROM b", 5))), server(frame(rows(1, 9, 5))),
           client(frame(select(2, "SELECT a FROM c", 5)))});
    x.lose(side::server, 100);
    x.say({server("tail of something"), client(frame(select(3, "SELECT a FROM d", 5))),
           server(frame(rows(3, 9, 5)))});
    x.close();
    CHECK(x.heard.lost[static_cast<size_t>(unparsed::out_of_sync)] == 817);
  }
  CHECK(x.heard.texts() == texts{"SELECT b -> 0 ok", "SELECT d -> 0 ok"});
  CHECK(x.heard.lost[static_cast<size_t>(unparsed::unanswered)]
        == select(2, "SELECT a FROM c").size());
}

TEST_CASE("cassandra: recognised by what every client says first") {
  const auto classify = cassandra_protocol.classify;
  CHECK(classify({ask(0, options, ""), {}, 9042, false}) == match::yes);
  CHECK(classify({start(), {}, 9042, false}) == match::yes);
  CHECK(classify({start().substr(0, 12), {}, 9042, false}) == match::perhaps);
  CHECK(classify({select(1, "SELECT 1"), {}, 9042, false}) == match::no);
  CHECK(classify({select(1, "SELECT 1"), {}, 9042, true}) == match::yes);
  CHECK(classify({frame(select(1, "SELECT 1", 5)), {}, 9042, true}) == match::yes);
  CHECK(classify({{}, rows(1), 9042, false}) == match::no);
  CHECK(classify({{}, say(0, supported, ""), 9042, false}) == match::perhaps); // Too early.
  const std::string client_hello{"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11};
  CHECK(classify({client_hello, {}, 9042, true}) == match::no);
  std::mt19937 random{1};
  for (int i = 0; i < 1000; ++i) {
    std::string bytes;
    for (int k = 0; k < 64; ++k)
      bytes += static_cast<char>(random());
    CHECK(classify({bytes, {}, 9042, i % 2 == 0}) == match::no);
  }
}
