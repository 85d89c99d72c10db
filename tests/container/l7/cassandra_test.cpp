// SPDX-License-Identifier: Apache-2.0
#include "actors/container/l7/cassandra/cassandra.hpp"
#include "tests/container/l7/cassandra_messages.hpp"
#include "tests/container/l7/dialogue.hpp"

#include <doctest/doctest.h>

#include <random>
#include <string>
#include <vector>

using namespace troupe;
using namespace troupe::l7;
using namespace troupe::l7::cassandra_said;
using texts = std::vector<std::string>;

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
