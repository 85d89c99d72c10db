// SPDX-License-Identifier: Apache-2.0
#include "actors/container/l7/postgres/postgres.hpp"

#include "tests/container/l7/postgres_messages.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace troupe;
using namespace troupe::l7;
using namespace troupe::l7::postgres_messages;
using namespace std::string_literals;

namespace {

match classify(std::string_view from_client, std::string_view from_server,
               bool in_midstream = false) {
  return postgres_protocol.classify({from_client, from_server, 5432, in_midstream});
}

} // namespace

TEST_CASE("postgres: queries and their answers, however they are cut") {
  const auto asked = query("SELECT * FROM orders WHERE id = 1");
  const auto answered = columns() + row("1") + row("2") + complete("SELECT 2") + ready();
  const auto lines = opened({
      client(asked),
      server(answered),
      client(query("INSERT INTO orders VALUES (1)")),
      server(failure("23505") + ready()),
      client(query("SELECT * FROM nosuch")),
      server(failure("42P01") + ready()),
      client(query("")),
      server(message('I') + ready()),
      client(message('X')),
  });
  however_cut(postgres_protocol, lines, [&](const outcome& x) {
    CHECK(x.texts()
          == texts{"SELECT orders -> 0 ok", "INSERT orders -> 23505 failed",
                   "SELECT nosuch -> 42000 failed", " -> 0 ok"});
    CHECK(x.lost_bytes() == 0);
    REQUIRE(x.exchanges.size() == 4);
    CHECK(x.exchanges[0].detail == "SELECT * FROM orders WHERE id = 1");
    CHECK(x.exchanges[0].request_bytes == asked.size());
    CHECK(x.exchanges[0].response_bytes == answered.size() - ready().size());
    CHECK(x.exchanges[0].started_ns == 5'000'000);
    CHECK(x.exchanges[0].duration_ns == 1'000'000);
    CHECK(x.exchanges[2].method == "42P01");
  });
}

TEST_CASE("postgres: several statements in one query are one request") {
  const auto lines = opened({
      client(query("SELECT 1; UPDATE orders SET a = 1; SELECT 2")),
      server(columns() + row("1") + complete("SELECT 1") + complete("UPDATE 3") + columns()
             + complete("SELECT 0") + ready()),
      client(query("SELECT 1; SELECT 1/0")),
      server(columns() + row("1") + complete("SELECT 1") + failure("22012") + ready()),
  });
  however_cut(postgres_protocol, lines, [](const outcome& x) {
    CHECK(x.texts() == texts{"SELECT -> 0 ok", "SELECT -> 22012 failed"});
    CHECK(x.lost_bytes() == 0);
  });
}

TEST_CASE("postgres: each Execute is a request, and shows the query that was prepared") {
  const auto lines = opened({
      client(parse("s1", "SELECT a FROM orders WHERE id = $1") + message('D', "Ss1\0"s)
             + sync_point()),
      server(message('1') + message('t', "\0\1"s + uint32(23)) + columns() + ready()),
      client(bind("s1") + execute() + sync_point()),
      server(message('2') + row("1") + complete("SELECT 1") + ready()),
      client(parse("", "UPDATE orders SET a = 1") + bind("") + describe() + execute()
             + sync_point()),
      server(bound() + message('n') + complete("UPDATE 1") + ready()),
      client(bind("s1", "cursor") + execute("cursor") + sync_point()),
      server(message('2') + row("1") + message('s') + ready()),
      client(execute("cursor") + message('C', "Ss1\0"s) + sync_point()),
      server(complete("SELECT 0") + message('3') + ready()),
      client(bind("s1") + execute() + sync_point()),
      server(failure("26000") + ready()),
  });
  however_cut(postgres_protocol, lines, [](const outcome& x) {
    CHECK(x.texts()
          == texts{"SELECT orders -> 0 ok", "UPDATE orders -> 0 ok", "SELECT orders -> 0 ok",
                   "SELECT orders -> 0 ok", " -> 26000 failed"});
    CHECK(x.lost_bytes() == 0);
    CHECK(x.exchanges[0].detail == "SELECT a FROM orders WHERE id = $1");
    CHECK(x.exchanges[0].request_bytes == (bind("s1") + execute()).size());
  });
}

TEST_CASE("postgres: several Executes before one Sync") {
  const auto one = bind("") + execute();
  const auto lines = opened({
      client(parse("", "INSERT INTO orders VALUES ($1)") + one + one + one + sync_point() + one
             + sync_point()),
      server(bound() + complete("INSERT 0 1") + message('2') + failure("23505") + ready()),
      server(message('2') + complete("INSERT 0 1") + ready()),
  });
  however_cut(postgres_protocol, lines, [](const outcome& x) {
    // The third was passed over for the error of the second: nobody said how it would have ended.
    CHECK(x.texts()
          == texts{"INSERT orders -> 0 ok", "INSERT orders -> 23505 failed",
                   "INSERT orders -> 0 unknown", "INSERT orders -> 0 ok"});
    CHECK(x.lost_bytes() == 0);
  });
}

TEST_CASE("postgres: what fails while it is prepared is a request that failed") {
  const auto lines = opened({
      client(parse("s1", "SELECT nosuch") + message('D', "Ss1\0"s) + sync_point()),
      server(failure("42703") + ready()),
      client(parse("s2", "SELECT nothing") + message('D', "Ss2\0"s) + message('H')),
      server(failure("42703")), // Before its Sync was sent.
      client(sync_point()),
      server(ready()),
      client(parse("", "SELECT 1") + bind("") + execute() + sync_point()),
      server(bound() + row("1") + complete("SELECT 1") + ready()),
  });
  however_cut(postgres_protocol, lines, [](const outcome& x) {
    CHECK(x.texts() == texts{"SELECT -> 42703 failed", "SELECT -> 42703 failed", "SELECT -> 0 ok"});
    CHECK(x.lost_bytes() == 0);
  });
}

// As a real server answered psycopg behind a proxy that sent byte by byte.
TEST_CASE("postgres: what is answered before it was sent to its end") {
  const auto lines = opened({
      client(parse("", "SELEKT 1") + bind("")), server(failure("42601")),
      client(execute() + sync_point()), server(ready()), client(parse("", "SELEKT 2")),
      server(failure("42601")),
      client(bind("") + execute() + parse("", "SELECT 3") + bind("") + execute() + sync_point()),
      server(ready()), client(query("SELECT 4")),
      server(columns() + row("4") + complete("SELECT 1") + ready()),
      server(failure("57P01")), // Of nothing that was asked: the server goes.
  });
  however_cut(postgres_protocol, lines, [](const outcome& x) {
    CHECK(x.texts()
          == texts{"SELEKT -> 42601 failed", "SELEKT -> 42601 failed", "SELECT -> 0 unknown",
                   "SELECT -> 0 ok"});
    CHECK(x.lost_bytes() == 0);
    REQUIRE(x.exchanges.size() == 4);
    CHECK(x.exchanges[0].duration_ns == 1'000'000);
    CHECK(x.exchanges[0].response_bytes == failure("42601").size());
  });
}

// Of who reads on another thread than he writes.
TEST_CASE("postgres: an answer that we hear of before its request") {
  const auto lines = opened({
      server(columns() + row("1") + complete("SELECT 1") + ready()),
      client(query("SELECT 1")),
      client(query("SELECT 2 FROM nosuch")),
      server(failure("42P01") + ready()),
      server(bound() + row("3") + complete("SELECT 1") + ready()),
      client(parse("", "SELECT 3") + bind("") + execute() + sync_point()),
      client(query("SELECT 4")),
      server(columns() + row("4") + complete("SELECT 1") + ready()),
  });
  however_cut(postgres_protocol, lines, [](const outcome& x) {
    CHECK(x.texts()
          == texts{"SELECT -> 0 ok", "SELECT nosuch -> 42000 failed", "SELECT -> 0 ok",
                   "SELECT -> 0 ok"});
    CHECK(x.lost_bytes() == 0);
  });
}

TEST_CASE("postgres: a commit that fails behind an Execute is its failure") {
  const auto lines = opened({
      client(parse("", "INSERT INTO orders VALUES (1)") + bind("") + execute() + sync_point()),
      server(bound() + complete("INSERT 0 1") + failure("23505") + ready()),
  });
  however_cut(postgres_protocol, lines,
              [](const outcome& x) { CHECK(x.texts() == texts{"INSERT orders -> 23505 failed"}); });
}

TEST_CASE("postgres: what a server says by itself is no answer") {
  const auto notice = message('N', "SNOTICE\0C00000\0Mhm\0\0"s);
  const auto notified = message('A', uint32(1) + "ch\0hello\0"s);
  const auto lines = opened({
      client(query("LISTEN ch")), server(notice + complete("LISTEN") + ready()),
      server(notified + message('S', "TimeZone\0UTC\0"s)), client(query("NOTIFY ch")),
      server(notified + complete("NOTIFY") + notice + ready()),
      server(failure("57P01")), // Shut down, with nothing asked.
  });
  however_cut(postgres_protocol, lines, [](const outcome& x) {
    CHECK(x.texts() == texts{"LISTEN -> 0 ok", "NOTIFY -> 0 ok"});
    CHECK(x.lost_bytes() == 0);
  });
}

TEST_CASE("postgres: COPY both ways, and function calls") {
  const auto data = message('d', "1\tSELECT\n");
  const auto lines = opened({
      client(query("COPY orders FROM STDIN")),
      server(message('G', "\0\0\1\0\0"s)),
      client(data + data + message('c')),
      server(complete("COPY 2") + ready()),
      client(query("COPY orders FROM STDIN")),
      server(message('G', "\0\0\1\0\0"s)),
      client(data),
      client(message('f', "no more\0"s)),
      server(failure("57014") + ready()),
      client(query("COPY orders TO STDOUT")),
      server(message('H', "\0\0\1\0\0"s) + data + data + message('c') + complete("COPY 2")
             + ready()),
      client(message('F', uint32(1) + std::string(6, '\0'))),
      server(message('V', uint32(0)) + ready()),
  });
  however_cut(postgres_protocol, lines, [&](const outcome& x) {
    CHECK(x.texts()
          == texts{"COPY orders -> 0 ok", "COPY orders -> 57014 failed", "COPY orders -> 0 ok",
                   "CALL -> 0 ok"});
    CHECK(x.exchanges[0].request_bytes
          == query("COPY orders FROM STDIN").size() + 2 * data.size() + 5);
    CHECK(x.lost_bytes() == 0);
  });
}

TEST_CASE("postgres: copied data is taken for nothing else") {
  dialogue x{postgres_protocol};
  x.say(opened({client(query("COPY orders FROM STDIN")), server(message('G', "\0\0\1\0\0"s))}));
  for (int i = 0; i < 100; ++i)
    x.say({client(message('d', query("DROP TABLE x") + std::string(8000, 'x')))}, 1448);
  x.say({client(message('c')), server(complete("COPY 100") + ready()), client(query("SELECT 1")),
         server(columns() + complete("SELECT 0") + ready())});
  x.close();
  CHECK(x.heard.texts() == texts{"COPY orders -> 0 ok", "SELECT -> 0 ok"});
  CHECK(x.heard.lost_bytes() == 0);
}

TEST_CASE("postgres: encryption that is declined, or begins") {
  dialogue declined{postgres_protocol};
  declined.say({client(startup(80877104)), server("N"), client(startup(80877103)), server("N")});
  declined.say(opened({client(query("SELECT 1")), server(complete("SELECT 1") + ready())}));
  declined.close();
  CHECK(declined.heard.texts() == texts{"SELECT -> 0 ok"});
  CHECK(declined.heard.lost_bytes() == 0);

  dialogue begun{postgres_protocol};
  begun.say({client(startup(80877103)), server("S"),
             client("\x16\x03\x01\x02"s + query("SELECT 1")), server(query("x"))});
  begun.close();
  CHECK(begun.heard.exchanges.empty());
  CHECK(begun.heard.lost[static_cast<size_t>(unparsed::out_of_sync)] > 0);
}

TEST_CASE("postgres: a request to cancel is no request of its own") {
  dialogue x{postgres_protocol};
  x.say({client(startup(80877102, uint32(1) + uint32(2)))});
  x.close();
  CHECK(x.heard.exchanges.empty());
  CHECK(x.heard.lost_bytes() == 0);
}

TEST_CASE("postgres: what waits at the end has no answer, what was begun no end") {
  dialogue x{postgres_protocol};
  x.say(opened({client(query("SELECT pg_sleep(9)"))}));
  x.close();
  CHECK(x.heard.exchanges.empty());
  CHECK(x.heard.lost[static_cast<size_t>(unparsed::unanswered)]
        == query("SELECT pg_sleep(9)").size());

  dialogue ended{postgres_protocol};
  ended.say(opened({client(query("SELECT a FROM orders")), server(columns() + row("1"))}));
  ended.close();
  CHECK(ended.heard.texts() == texts{"SELECT orders -> 0 unknown"});

  dialogue terminated{postgres_protocol};
  terminated.say(opened({client(query("SELECT pg_sleep(9)")), server(failure("57P01"))}));
  terminated.close();
  CHECK(terminated.heard.texts() == texts{"SELECT -> 57000 failed"});
}

TEST_CASE("postgres: long queries and many rows, of which only the beginning was captured") {
  const auto text = "SELECT a FROM orders WHERE id IN (" + std::string(100'000, '1') + ")";
  std::string rows = columns();
  for (int i = 0; i < 10'000; ++i)
    rows += row("value " + std::to_string(i));
  dialogue x{postgres_protocol};
  x.say(opened({client(query(text)), server(rows + complete("SELECT 10000") + ready()),
                client(query("SELECT 1/0")), server(failure("22012") + ready()),
                client(query("SELECT b FROM orders")), server(rows)}),
        40'000);
  x.close();
  CHECK(x.heard.texts()
        == texts{"SELECT orders -> 0 ok", "SELECT -> 22012 failed", "SELECT orders -> 0 unknown"});
  CHECK(x.heard.exchanges[0].detail.size() == detail_bytes_max);
  CHECK(x.heard.exchanges[0].request_bytes == query(text).size());
  CHECK(x.heard.lost[static_cast<size_t>(unparsed::out_of_sync)] == 0);
}

// libpq sends what it has, as far as it goes: the last send begins with the rest of a large value.
TEST_CASE("postgres: what is behind a large value in one send is counted by its answers") {
  const auto large = message('B', "\0\0"s + std::string(100'000, 'x'));
  const auto behind = describe() + execute() + sync_point();
  dialogue x{postgres_protocol};
  x.say(opened({client(parse("", "SELECT length($1) FROM t"))}));
  x.say_cut(client(large.substr(0, 50'000)), 16'384);
  x.say_cut(client(large.substr(50'000) + behind), 16'384);
  CHECK(x.heard.lost[0] == behind.size());
  x.say({server(bound() + columns() + row("1") + complete("SELECT 1") + ready()),
         client(query("SELECT 2")), server(columns() + row("2") + complete("SELECT 1") + ready())});
  x.say_cut(client(large + execute() + bind("") + execute() + sync_point()), 16'384);
  x.say({server(message('2') + complete("SELECT 1") + message('2') + failure("22012") + ready())});
  x.say_cut(client(large + execute() + sync_point()), 16'384);
  x.say({server(message('2') + complete("INSERT 0 1") + failure("23505") + ready()),
         client(query("SELECT 3")), server(columns() + row("3") + complete("SELECT 1") + ready())});
  x.close();
  CHECK(x.heard.texts()
        == texts{"SELECT t -> 0 ok", "SELECT -> 0 ok", "SELECT t -> 0 ok", " -> 22012 failed",
                 "SELECT t -> 23505 failed", "SELECT -> 0 ok"});
  CHECK(x.heard.exchanges[0].request_bytes
        == parse("", "SELECT length($1) FROM t").size() + large.size());
}

TEST_CASE("postgres: answers that were lost are not made up") {
  dialogue x{postgres_protocol};
  x.say(opened({client(query("SELECT 1") + query("SELECT 2"))}));
  x.lose(side::server, 30);
  x.say({server(failure("22012") + ready()), client(query("SELECT a FROM orders")),
         server(complete("SELECT 1") + ready())});
  x.close();
  CHECK(x.heard.texts()
        == texts{"SELECT -> 0 unknown", "SELECT -> 0 unknown", "SELECT orders -> 0 ok"});
}

TEST_CASE("postgres: attached in mid-stream") {
  dialogue x{postgres_protocol};
  x.say({client("and the rest of a query\0"s), server(row("1") + complete("SELECT 1") + ready()),
         client(bind("s1") + execute() + sync_point()),
         server(message('2') + complete("SELECT 1") + ready()), client(query("SELECT 1")),
         server(failure("22012") + ready())});
  x.close();
  CHECK(x.heard.texts() == texts{" -> 0 ok", "SELECT -> 22012 failed"});
}

TEST_CASE("postgres: is recognised by its startup, or by both ends in mid-stream") {
  const auto begin = startup(196608, "user\0joe\0\0"s);
  for (size_t i = 0; i <= 8; ++i)
    CHECK(classify(begin.substr(0, i), "") == match::perhaps);
  CHECK(classify(begin, "") == match::yes);
  CHECK(classify(startup(80877103), "") == match::yes);
  CHECK(classify(startup(80877103), "S") == match::yes);
  CHECK(classify(startup(80877104), "N") == match::yes);
  CHECK(classify(startup(80877102, uint32(1) + uint32(2)), "") == match::yes);
  CHECK(classify(query("SELECT 1"), "", true) == match::yes);
  CHECK(classify(bind("s1"), message('2'), true) == match::yes);
  CHECK(classify(bind("s1"), "", true) == match::perhaps);
  CHECK(classify("", message('2'), true) == match::perhaps);
}

TEST_CASE("postgres: is not recognised in what others say") {
  CHECK(classify(query("SELECT 1"), "") == match::no);
  CHECK(classify("", "x") == match::no);
  CHECK(classify("SELECT 1", "", true) == match::no);
  CHECK(classify("GET / HTTP/1.1\r\n", "", true) == match::no);
  CHECK(classify(bind("s1"), "HTTP/1.1 200 OK\r\n", true) == match::no);
  CHECK(classify("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"s, "") == match::no);
  CHECK(classify("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"s, "", true) == match::no);
  CHECK(classify("", "\x16\x03\x03\x00\x7a\x02"s, true) == match::no);
  std::mt19937 random{1};
  for (int i = 0; i < 2000; ++i) {
    std::string noise(64, '\0');
    for (auto& c : noise)
      c = static_cast<char>(random());
    CHECK(classify(noise, "", i % 2 == 0) != match::yes);
    CHECK(classify(noise, noise, i % 2 == 0) == match::no);
  }
}
