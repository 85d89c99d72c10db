// SPDX-License-Identifier: Apache-2.0
#include "actors/container/l7/clickhouse/clickhouse.hpp"
#include "actors/container/l7/clickhouse/column_type.hpp"
#include "tests/container/l7/clickhouse_speech.hpp"
#include "tests/container/l7/dialogue.hpp"

#include <doctest/doctest.h>

#include <random>
#include <string>
#include <vector>

using namespace troupe;
using namespace troupe::l7;
using namespace troupe::l7::clickhouse_said;
using texts = std::vector<std::string>;

namespace {

const std::vector<std::vector<std::string>> columns{
    {"id", "UInt64", zeros(24)},
    {"name", "String", text("x") + text("") + text(std::string(300, 'n'))},
    {"n", "Nullable(Int32)", zeros(3 + 12)},
    {"tags", "Array(LowCardinality(Nullable(String)))",
     little(1, 8) + little(2, 8) + little(2, 8) + little(3, 8) + little(0x600, 8) + little(2, 8)
         + text("") + text("red") + little(3, 8) + zeros(3)},
    {"m", "Map(String, Tuple(a UInt8, `b c` Decimal(20, 3)))",
     little(0, 8) + little(1, 8) + little(1, 8) + text("key") + zeros(1 + 16)},
    {"e", "Enum8('a(' = 1, 'b\\',' = 2)", zeros(3)},
    {"t", "DateTime64(3, 'Etc/UTC')", zeros(24)},
    {"f", "SimpleAggregateFunction(max, FixedString(3))", zeros(9)}};

std::vector<line> session(const speech& x) {
  return {client(x.client_hello()),
          server(x.server_hello()),
          client(x.addendum() + "\x04"),
          server("\x04"),
          client(x.query("SELECT name FROM shop.orders WHERE id = 5") + x.data(2)),
          server(x.data(1, 0, columns)),
          server(x.data(1, x.has(54492) ? 0 : 3, columns) + x.progress()),
          server(x.data(1) + x.profile() + x.data(7) + end_of_stream),
          client(x.query("insert into orders values")),
          client(x.data(2)),
          server(number(11) + text("") + text("columns") + x.data(1, 0, columns)),
          client(x.data(2, x.has(54492) ? 0 : 3, columns)),
          client(x.data(2)),
          server(end_of_stream),
          client(x.query("SELECT nothing") + x.data(2)),
          server(x.exception(47)),
          client(x.query("SELECT sum(a) FROM numbers(5)") + x.data(2)),
          server(x.data(1, 0, columns) + x.progress()),
          client("\x03"),
          server(x.progress() + x.exception(395, true)),
          client(x.query("OPTIMIZE TABLE orders") + x.data(2)),
          server(end_of_stream)};
}

void check_session(const speech& spoken) {
  however_cut(clickhouse_protocol, session(spoken), [&spoken](const outcome& x) {
    CHECK(x.texts()
          == texts{"SELECT shop.orders -> 0 ok", "INSERT orders -> 0 ok", "SELECT -> 47 failed",
                   "SELECT numbers -> 395 failed", "OPTIMIZE -> 0 ok"});
    if (x.exchanges.size() != 5)
      return;
    CHECK(x.lost_bytes() == 0);
    const auto& insert = x.exchanges[1];
    CHECK(insert.duration_ns == 5'000'000); // Until the server had all of it.
    CHECK(insert.request_bytes
          == spoken.query("insert into orders values").size() + 2 * spoken.data(2).size()
                 + spoken.data(2, spoken.has(54492) ? 0 : 3, columns).size());
    CHECK(x.exchanges[0].duration_ns == 1'000'000);
    CHECK(x.exchanges[0].detail == "SELECT name FROM shop.orders WHERE id = 5");
    CHECK(x.exchanges[2].response_bytes == spoken.exception(47).size());
    CHECK(x.exchanges[3].duration_ns == 1'000'000);
  });
}

} // namespace

TEST_CASE("clickhouse: queries, inserts, exceptions and cancelling, in every revision") {
  for (const uint64_t revision :
       {54429U, 54441U, 54443U, 54448U, 54449U, 54453U, 54456U, 54458U, 54459U, 54463U, 54469U,
        54470U, 54471U, 54472U, 54475U, 54476U, 54481U, 54485U, 54486U, 54488U, 54492U})
    for (const bool compressed : {false, true}) {
      CAPTURE(revision);
      CAPTURE(compressed);
      check_session({revision, compressed});
    }
}

TEST_CASE("clickhouse: what a server and a client of 2018 say, recorded") {
  using namespace std::string_literals;
  const std::string info{"\x01\x00\x01\x00\x00\x09"
                         "0.0.0.0:0\x01\x04root\x02vm\x18"
                         "ClickHouse python-driver\x14\x0a\xb5\xa9\x03\x00\x02\x00\x02\x00"s};
  const std::string nothing{"\x02\x00\x01\x00\x02\xff\xff\xff\xff\x00\x00\x00"s};
  const std::string header{"\x01\x00\x01\x00\x02\xff\xff\xff\xff\x00\x02\x00\x01"
                           "a\x06UInt64\x01s\x06String"s};
  const std::string rows{
      "\x01\x00\x01\x00\x02\xff\xff\xff\xff\x00\x02\x02\x01"
      "a\x06UInt64\x01\0\0\0\0\0\0\0\x02\0\0\0\0\0\0\0\x01s\x06String\x01x\x03yyy"s};
  const std::vector<line> lines{client("\x00\x18"
                                       "ClickHouse python-driver\x14\x0a\xb5\xa9\x03\x00\x07"
                                       "default\x00"s),
                                server("\x00\x0a"
                                       "ClickHouse\x12\x10\x8c\xa9\x03\x07"
                                       "Etc/UTC\x02vm\x01"s),
                                client(info + "\x0fselect * from u"),
                                client(nothing),
                                server(header),
                                server(rows),
                                server("\x06\x02\x01l\x00\x00\x01"s),
                                server("\x03\x02l\x00"s),
                                server("\x01\x00\x01\x00\x02\xff\xff\xff\xff\x00\x00\x00"s),
                                server(end_of_stream),
                                client(info + "\x14insert into u values"),
                                client(nothing),
                                server(header),
                                client("\x02" + rows.substr(1)),
                                client(nothing),
                                server(end_of_stream)};
  however_cut(clickhouse_protocol, lines, [](const outcome& x) {
    CHECK(x.texts() == texts{"SELECT u -> 0 ok", "INSERT u -> 0 ok"});
    CHECK(x.lost_bytes() == 0);
  });
}

TEST_CASE("clickhouse: of big answers only the beginning is captured") {
  const speech packed{54460, true};
  const auto big = number(1) + text("") + speech::frame(900'000, 1U << 20)
                   + speech::frame(500, 600); // What does not fit into the first.
  for (const size_t size : {SIZE_MAX, size_t{1'000'000}, size_t{899'980}, size_t{4096}}) {
    CAPTURE(size);
    dialogue x{clickhouse_protocol};
    x.say({client(packed.client_hello()), server(packed.server_hello()),
           client(packed.addendum() + packed.query("SELECT a FROM b") + packed.data(2))});
    x.say({server(big)}, size);
    x.say({server(big)}, size);
    x.say({server(packed.progress() + end_of_stream), client(packed.query("SELECT 1")),
           server(packed.exception(60))});
    x.close();
    CHECK(x.heard.texts() == texts{"SELECT b -> 0 ok", "SELECT -> 60 failed"});
    CHECK(x.heard.exchanges[0].response_bytes == 2 * big.size() + packed.progress().size() + 1);
  }
}

TEST_CASE("clickhouse: a block that cannot be walked over is passed over") {
  const speech plain{54460, false};
  const std::vector<std::vector<std::string>> odd{{"j", "JSON", std::string(5000, '\x05')}};
  const std::vector<line> begun{
      client(plain.client_hello()), server(plain.server_hello()),
      client(plain.addendum() + plain.query("SELECT j FROM t") + plain.data(2)),
      server(plain.data(1, 2, odd))};
  SUBCASE("up to an exception") {
    dialogue x{clickhouse_protocol};
    x.say(begun);
    x.say({server(plain.exception(241))});
    CHECK(x.heard.texts() == texts{"SELECT t -> 241 failed"});
  }
  SUBCASE("up to the next block") {
    dialogue x{clickhouse_protocol};
    x.say(begun);
    x.say({server(plain.profile()), server(plain.data(1)), server(end_of_stream)});
    CHECK(x.heard.texts() == texts{"SELECT t -> 0 ok"});
  }
  SUBCASE("up to the next query, which tells how it ended by its last byte") {
    dialogue x{clickhouse_protocol};
    x.say(begun);
    x.say({server(plain.profile() + end_of_stream), client(plain.query("SELECT 1")),
           server(plain.data(1, 2, odd) + plain.exception(1)), client("\x04"), server("\x04"),
           client(plain.query("SELECT 2 FROM x")), server(plain.data(1, 2, odd))});
    x.say_cut(server(std::string(9000, '\x05')), 100);
    x.say({client(plain.query("SELECT 3 FROM y")), server(plain.data(1) + end_of_stream)});
    x.close();
    CHECK(x.heard.texts()
          == texts{"SELECT t -> 0 ok", "SELECT -> 0 failed", "SELECT x -> 0 unknown",
                   "SELECT y -> 0 ok"});
  }
  SUBCASE("up to the end of the connection: the last byte alone would be a guess") {
    dialogue x{clickhouse_protocol};
    x.say(begun);
    x.close();
    CHECK(x.heard.texts() == texts{"SELECT t -> 0 unknown"});
  }
  SUBCASE("up to the end of the connection, behind an EndOfStream by itself") {
    dialogue x{clickhouse_protocol};
    x.say(begun);
    x.say({server(end_of_stream)});
    x.close();
    CHECK(x.heard.texts() == texts{"SELECT t -> 0 ok"});
  }
  SUBCASE("of an insert") {
    dialogue x{clickhouse_protocol};
    x.say({begun[0], begun[1], client(plain.addendum() + plain.query("INSERT INTO t VALUES")),
           client(plain.data(2)), server(plain.data(1, 0, odd)), client(plain.data(2, 2, odd)),
           client(plain.data(2)), server(end_of_stream), client(plain.query("SELECT 1")),
           server(end_of_stream)});
    x.close();
    CHECK(x.heard.texts() == texts{"INSERT t -> 0 ok", "SELECT -> 0 ok"});
  }
}

TEST_CASE("clickhouse: a client that is refused") {
  const speech x{54460, false};
  however_cut(clickhouse_protocol, {client(x.client_hello()), server(x.exception(516))},
              [&x](const outcome& heard) {
                CHECK(heard.texts() == texts{"HELLO -> 516 failed"});
                CHECK(heard.exchanges[0].request_bytes == x.client_hello().size());
                CHECK(heard.exchanges[0].duration_ns == 1'000'000);
              });
}

TEST_CASE("clickhouse: attached in mid-stream, bytes that were lost, a query without an answer") {
  for (const uint64_t revision : {54429U, 54453U, 54459U, 54475U, 54488U}) {
    CAPTURE(revision);
    const speech packed{revision, true};
    dialogue x{clickhouse_protocol};
    x.lose(side::client, 1000);
    x.lose(side::server, 1000);
    x.say({server("\x05\x05\x05"), client(packed.query("SELECT a FROM b") + packed.data(2)),
           server(packed.data(1, 0, columns) + packed.data(1)), server(end_of_stream),
           client(packed.query("SELECT c FROM d") + packed.data(2))});
    x.lose(side::server, 17);
    x.say({server(packed.exception(5)), client(packed.query("SELECT e FROM f"))});
    x.close();
    CHECK(x.heard.texts() == texts{"SELECT b -> 0 ok", "SELECT d -> 5 failed"});
    CHECK(x.heard.lost[static_cast<size_t>(unparsed::unanswered)]
          == packed.query("SELECT e FROM f").size());
  }
}

TEST_CASE("clickhouse: nothing of the first chunks was captured") {
  const speech x{54460, true};
  dialogue said{clickhouse_protocol};
  said.say_cut(client(x.client_hello()), 0);
  said.say_cut(server(x.server_hello()), 0);
  said.say({client(x.addendum() + x.query("SELECT a FROM b") + x.data(2)),
            client(x.query("SELECT c FROM d") + x.data(2)), server(end_of_stream)});
  said.close();
  CHECK(said.heard.texts() == texts{"SELECT d -> 0 ok"}); // The first is behind an addendum.
  dialogue refused{clickhouse_protocol};                  // Nobody knows what.
  refused.say_cut(client(x.client_hello()), 0);
  refused.say({server(x.exception(516))});
  refused.close();
  CHECK(refused.heard.texts().empty());
}

TEST_CASE("clickhouse: the context of a trace") {
  const speech x{54460, false};
  dialogue said{clickhouse_protocol};
  const auto trace =
      little(0x0102030405060708, 8) + little(0x090a0b0c0d0e0f10, 8) + little(0x1112131415161718, 8);
  said.say({client(x.client_hello()), server(x.server_hello()),
            client(x.addendum() + x.query("SELECT 1", trace) + x.data(2)), server(end_of_stream)});
  REQUIRE(said.heard.exchanges.size() == 1);
  CHECK(said.heard.exchanges[0].traceparent
        == "00-0102030405060708090a0b0c0d0e0f10-1112131415161718-01");
}

TEST_CASE("clickhouse: packets in chunks are not understood, nor captured any more") {
  const speech x{54475, false};
  const auto talk = clickhouse_protocol.converse();
  outcome heard;
  const auto hello = x.client_hello();
  const auto answer = x.server_hello();
  const auto addendum = text("") + text("chunked") + text("notchunked") + number(8);
  talk->take(side::client, {1, 0, hello.size(), hello}, heard);
  talk->take(side::server, {2, 0, answer.size(), answer}, heard);
  CHECK_FALSE(talk->is_over());
  talk->take(side::client, {3, hello.size(), addendum.size(), addendum}, heard);
  CHECK(talk->is_over());
}

TEST_CASE("clickhouse: recognised by the client's Hello, in mid-stream by a query") {
  const auto classify = clickhouse_protocol.classify;
  const speech x{54460, false};
  const auto hello = x.client_hello();
  CHECK(classify({hello, {}, 9000, false}) == match::yes);
  CHECK(classify({hello.substr(0, 7), {}, 9000, false}) == match::perhaps);
  CHECK(classify({{}, x.server_hello(), 9000, false}) == match::no);
  for (const uint64_t revision : {54412U, 54429U, 54453U, 54475U, 54492U}) {
    const auto query = speech{revision, true}.query("SELECT 1");
    CHECK(classify({query, {}, 9000, true}) == match::yes);
    CHECK(classify({query.substr(0, 30), {}, 9000, true}) == match::perhaps);
    CHECK(classify({query, {}, 9000, false}) == match::no);
  }
  const std::string client_hello{"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11};
  const std::string postgres{"\x00\x00\x00\x08\x04\xd2\x16\x2f", 8};
  for (const bool midstream : {false, true}) {
    CHECK(classify({client_hello, {}, 9000, midstream}) == match::no);
    CHECK(classify({postgres, {}, 9000, midstream}) == match::no);
  }
  std::mt19937 random{1};
  for (int i = 0; i < 1000; ++i) {
    std::string bytes;
    for (int k = 0; k < 64; ++k)
      bytes += static_cast<char>(random());
    CHECK(classify({bytes, {}, 9000, i % 2 == 0}) == match::no);
  }
}

TEST_CASE("clickhouse: types of columns whose values have no known size") {
  using clickhouse::read_column_type;
  for (const auto* name :
       {"JSON", "Dynamic", "Variant(String, UInt8)", "AggregateFunction(sum, UInt64)", "Array(",
        "Array()", "", "FixedString(x)", "Decimal(99, 1)", "Tuple()", "Nullable"})
    CHECK_FALSE(read_column_type(name));
  std::string deep = "UInt8";
  for (int i = 0; i < 40; ++i)
    deep = "Array(" + deep + ")";
  CHECK_FALSE(read_column_type(deep));
  CHECK(read_column_type("Nested(a UInt8, b Array(Nullable(IPv6)))"));
}
