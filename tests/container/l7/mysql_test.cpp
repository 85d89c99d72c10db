// SPDX-License-Identifier: Apache-2.0
#include "actors/container/l7/mysql/mysql.hpp"

#include "actors/container/l7/mysql/requests.hpp"
#include "tests/container/l7/mysql_packets.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace troupe;
using namespace troupe::l7;
using namespace troupe::l7::mysql_packets;
using namespace std::string_literals;

namespace {

match classify(std::string_view from_client, std::string_view from_server,
               bool in_midstream = false) {
  return mysql_protocol.classify({from_client, from_server, 3306, in_midstream});
}

} // namespace

TEST_CASE("mysql: commands and their answers, however they are cut") {
  for (const bool deprecate_eof : {true, false}) {
    const auto lines = opened({
        query("SELECT * FROM orders"),
        server(results(deprecate_eof)),
        query("INSERT INTO orders VALUES (1)"),
        server(failure(1062)),
        query("UPDATE orders SET a = 1"),
        server(ok()),
        client(command(0x0e)),
        server(ok()),
        client(command(0x02, "shop")),
        server(ok()),
        client(command(0x09)),
        server(packet(1, "Uptime: 1")),
        client(command(0x04, "orders\0"s)),
        server(column(1) + column(2) + eof(3)),
        client(command(0x01)),
    });
    however_cut(mysql_protocol, lines, [&](const outcome& x) {
      CHECK(x.texts()
            == texts{"SELECT orders -> 0 ok", "INSERT orders -> 1062 failed",
                     "UPDATE orders -> 0 ok", "PING -> 0 ok", "INIT_DB -> 0 ok",
                     "STATISTICS -> 0 ok", "FIELD_LIST -> 0 ok"});
      CHECK(x.lost_bytes() == 0);
      REQUIRE(x.exchanges.size() == 7);
      CHECK(x.exchanges[0].detail == "SELECT * FROM orders");
      CHECK(x.exchanges[0].request_bytes == 25);
      CHECK(x.exchanges[0].response_bytes == results(deprecate_eof).size());
      CHECK(x.exchanges[0].started_ns == 6'000'000);
      CHECK(x.exchanges[0].duration_ns == 1'000'000);
    });
  }
}

// Of who reads on another thread than he writes.
TEST_CASE("mysql: an answer that we hear of before its request") {
  for (const bool deprecate_eof : {true, false}) {
    const auto lines = opened({
        server(results(deprecate_eof)),
        query("SELECT * FROM orders"),
        server(failure(1062)),
        query("INSERT INTO orders VALUES (1)"),
        query("UPDATE orders SET a = 1"),
        server(ok()),
    });
    however_cut(mysql_protocol, lines, [](const outcome& x) {
      CHECK(x.texts()
            == texts{"SELECT orders -> 0 ok", "INSERT orders -> 1062 failed",
                     "UPDATE orders -> 0 ok"});
      CHECK(x.lost_bytes() == 0);
    });
  }
}

TEST_CASE("mysql: several result sets are one answer") {
  for (const bool deprecate_eof : {true, false}) {
    int next = 1;
    auto both = results(deprecate_eof, next, 2 | 8);
    both += ok(next++, 2 | 8);
    both += results(deprecate_eof, next);
    next = 1;
    auto broken = results(deprecate_eof, next, 2 | 8);
    broken += failure(1064, next);
    const auto lines =
        opened({query("SELECT 1; SET @a = 1; SELECT 2"), server(both), query("SELECT 1; SELEC"),
                server(broken), query("SELECT 3"), server(results(deprecate_eof))});
    however_cut(mysql_protocol, lines, [](const outcome& x) {
      CHECK(x.texts() == texts{"SELECT -> 0 ok", "SELECT -> 1064 failed", "SELECT -> 0 ok"});
      CHECK(x.lost_bytes() == 0);
    });
  }
}

TEST_CASE("mysql: an Execute shows the query that was prepared") {
  for (const bool deprecate_eof : {true, false}) {
    auto answer = packet(1, "\0"s + number(7, 4) + number(1, 2) + number(2, 2) + "\0\0\0"s)
                  + column(2) + column(3);
    int next = 4;
    if (!deprecate_eof)
      answer += eof(next++);
    answer += column(next++);
    if (!deprecate_eof)
      answer += eof(next);
    const auto execution = "\0\1\0\0\0"s;
    const auto lines = opened({
        client(command(0x16, "SELECT a FROM orders WHERE b = ? AND c = ?")),
        server(answer),
        client(command(0x17, number(7, 4) + execution)),
        server(results(deprecate_eof)),
        client(command(0x18, number(7, 4) + number(0, 2) + "long data")
               + command(0x17, number(7, 4) + execution)),
        server(failure(1292)),
        client(command(0x1a, number(7, 4))),
        server(ok()),
        client(command(0x19, number(7, 4))),
        client(command(0x17, number(7, 4) + execution)),
        server(failure(1243)),
        client(command(0x16, "SELECT nosuch")),
        server(failure(1054)),
        client(command(0x16, "COMMIT") + command(0x17, number(0xffffffff, 4) + execution)),
        server(packet(1, "\0"s + number(8, 4) + std::string(7, '\0')) + ok()),
    });
    however_cut(mysql_protocol, lines, [](const outcome& x) {
      CHECK(x.texts()
            == texts{"PREPARE SELECT orders -> 0 ok", "SELECT orders -> 0 ok",
                     "SELECT orders -> 1292 failed", "RESET -> 0 ok", "EXECUTE -> 1243 failed",
                     "PREPARE SELECT -> 1054 failed", "PREPARE COMMIT -> 0 ok", "COMMIT -> 0 ok"});
      CHECK(x.lost_bytes() == 0);
      CHECK(x.exchanges[1].detail == "SELECT a FROM orders WHERE b = ? AND c = ?");
    });
  }
}

TEST_CASE("mysql: a cursor's rows are fetched by commands of their own") {
  const auto execute = client(command(0x17, number(7, 4) + "\1\1\0\0\0"s));
  const auto fetch = client(command(0x1c, number(7, 4) + number(2, 4)));
  for (const bool deprecate_eof : {true, false}) {
    const auto opens =
        packet(1, "\x01") + column(2) + (deprecate_eof ? ok(3, 0x42, '\xfe') : eof(3, 0x42));
    const auto fetched =
        row(1, "1") + row(2, "2") + (deprecate_eof ? ok(3, 0x82, '\xfe') : eof(3, 0x82));
    however_cut(mysql_protocol,
                opened({execute, server(opens), fetch, server(fetched), client(command(0x0e)),
                        server(ok())}),
                [](const outcome& x) {
                  CHECK(x.texts() == texts{"EXECUTE -> 0 ok", "FETCH -> 0 ok", "PING -> 0 ok"});
                  CHECK(x.lost_bytes() == 0);
                });
  }
}

TEST_CASE("mysql: LOCAL INFILE, whose data is no command") {
  const auto data = command(3, "DROP TABLE x") + packet(2, std::string(200, 'x')) + packet(3, "");
  const auto lines =
      opened({query("LOAD DATA LOCAL INFILE 'x' INTO TABLE orders"),
              server(packet(1, "\xfb"
                               "x")),
              client(data), server(ok(4)), query("SELECT 1"), server(results(true))});
  however_cut(mysql_protocol, lines, [&](const outcome& x) {
    CHECK(x.texts() == texts{"LOAD orders -> 0 ok", "SELECT -> 0 ok"});
    CHECK(x.exchanges[0].request_bytes == 49 + data.size());
    CHECK(x.lost_bytes() == 0);
  });
}

TEST_CASE("mysql: progress is no answer, and a login within a connection is one") {
  const auto progress = packet(1, "\xff\xff\xff\x01\x01\x02\x00\x00\x00\x05"
                                  "alter"s);
  const auto lines =
      opened({query("ALTER TABLE orders ADD b int"), server(progress + progress + ok(3)),
              client(command(0x11, "joe\0\0shop\0"s)),
              server(packet(1, "\xfe"
                               "caching_sha2_password\0x"s)),
              client(packet(2, "scramble")), server(packet(3, "\x01\x03") + ok(4)),
              client(command(0x11, "joe\0\0shop\0"s)), server(failure(1045))});
  however_cut(mysql_protocol, lines, [](const outcome& x) {
    CHECK(x.texts()
          == texts{"ALTER TABLE orders -> 0 ok", "CHANGE_USER -> 0 ok",
                   "CHANGE_USER -> 1045 failed"});
    CHECK(x.lost_bytes() == 0);
  });
}

TEST_CASE("mysql: messages of more than 16 MB go on in the next packet") {
  std::string half;
  half.resize(0xffffff, 'x');
  const std::string begin = "\x03INSERT INTO orders VALUES ('";
  dialogue x{mysql_protocol};
  const auto asked = packet(0, begin + half.substr(begin.size())) + packet(1, "x')");
  const auto answered =
      packet(1, "\x01") + column(2) + packet(3, half) + packet(4, "tail") + ok(5, 2, '\xfe');
  REQUIRE(asked.size() == 0xffffff + 4 + 7);
  x.say(opened({client(asked), server(ok(2)), query("SELECT a FROM orders"), server(answered),
                client(command(0x0e)), server(ok())}),
        1024);
  x.close();
  CHECK(x.heard.texts() == texts{"INSERT orders -> 0 ok", "SELECT orders -> 0 ok", "PING -> 0 ok"});
  CHECK(x.heard.exchanges[0].request_bytes == asked.size());
}

TEST_CASE("mysql: TLS and compression end the conversation") {
  dialogue tls{mysql_protocol};
  tls.say({server(greeting()), client(packet(1, number(plain | 0x800, 4) + std::string(28, '\0'))),
           client("\x16\x03\x01" + command(3, "SELECT 1")), server(ok())});
  tls.close();
  CHECK(tls.heard.exchanges.empty());
  CHECK(tls.heard.lost[static_cast<size_t>(unparsed::out_of_sync)] > 0);

  for (const uint64_t wanted : {0x20ULL, 0x4000000ULL}) {
    dialogue compressed{mysql_protocol};
    compressed.say({server(greeting()), client(response(plain | wanted)), server(ok(2)),
                    client(number(13, 3) + "\0"s + number(0, 3) + command(3, "SELECT 1"))});
    compressed.close();
    CHECK(compressed.heard.exchanges.empty());
    CHECK(compressed.heard.lost[static_cast<size_t>(unparsed::out_of_sync)] == 20);
  }

  dialogue declined{mysql_protocol}; // The server cannot.
  declined.say({server(greeting(plain)), client(response(plain | 0x20)), server(ok(2)),
                query("SELECT 1"), server(results(true))});
  declined.close();
  CHECK(declined.heard.texts() == texts{"SELECT -> 0 ok"});
}

TEST_CASE("mysql: the binary log is no conversation") {
  dialogue x{mysql_protocol};
  x.say(opened({client(command(0x12, std::string(10, '\0'))), server(packet(1, "\0event"s)),
                server(packet(2, "\0event"s))}));
  x.close();
  CHECK(x.heard.texts() == texts{"BINLOG_DUMP -> 0 ok"});
  CHECK(x.heard.lost[static_cast<size_t>(unparsed::out_of_sync)] == 10);
}

TEST_CASE("mysql: what waits at the end has no answer, what was begun no end") {
  dialogue x{mysql_protocol};
  x.say(opened({query("SELECT sleep(9)")}));
  x.close();
  CHECK(x.heard.exchanges.empty());
  CHECK(x.heard.lost[static_cast<size_t>(unparsed::unanswered)] == 20);

  dialogue ended{mysql_protocol};
  ended.say(opened({query("SELECT a FROM orders"), server(packet(1, "\x01") + column(2))}));
  ended.close();
  CHECK(ended.heard.texts() == texts{"SELECT orders -> 0 unknown"});
}

TEST_CASE("mysql: long queries and many rows, of which only the beginning was captured") {
  const auto text = "SELECT a FROM orders WHERE id IN (" + std::string(100'000, '1') + ")";
  std::string rows = packet(1, "\x01") + column(2);
  for (int i = 0; i < 10'000; ++i)
    rows += row(3 + i, "value " + std::to_string(i));
  dialogue x{mysql_protocol};
  x.say(opened({query(text), server(rows + ok(3, 2, '\xfe')), query("SELEC"), server(failure(1064)),
                query("SELECT b FROM orders"), server(rows)}),
        40'000);
  x.close();
  CHECK(
      x.heard.texts()
      == texts{"SELECT orders -> 0 unknown", "SELEC -> 1064 failed", "SELECT orders -> 0 unknown"});
  CHECK(x.heard.exchanges[0].request_bytes == text.size() + 5);
}

TEST_CASE("mysql: answers that were lost are not made up") {
  dialogue x{mysql_protocol};
  x.say(opened({query("SELECT 1")}));
  x.lose(side::server, 30);
  x.say({server(failure(1064)), query("SELECT a FROM orders"), server(results(false))});
  x.close();
  CHECK(x.heard.texts() == texts{"SELECT -> 0 unknown", "SELECT orders -> 0 ok"});
}

TEST_CASE("mysql: attached in mid-stream") {
  dialogue x{mysql_protocol};
  x.say({client("the rest of a query"), server(row(9, "1") + eof(10)),
         query("SELECT a FROM orders"), server(results(false)),
         client(command(0x17, number(7, 4) + "\0\1\0\0\0"s)), server(failure(1054))});
  x.close();
  CHECK(x.heard.texts() == texts{"SELECT orders -> 0 ok", "EXECUTE -> 1054 failed"});
}

TEST_CASE("mysql: attributes stand before a query") {
  CHECK(mysql::without_attributes("SELECT 1") == "SELECT 1");
  CHECK(mysql::without_attributes("\0\1SELECT 1"s) == "SELECT 1");
  CHECK(mysql::without_attributes("\2\1\2\1\xfe\0\1a\x08\0\1b\5helloSELECT 1"s) == "SELECT 1");
  CHECK(mysql::without_attributes("\1\1\0\1\x08\0\1a"s + number(5, 8) + "SELECT 1") == "SELECT 1");
  CHECK(mysql::without_attributes("\1\1\0\1\xfe\0\1a\xfc\xff\xff"s).empty());
  CHECK(mysql::without_attributes("\1\1"s).empty());
}

TEST_CASE("mysql: is recognised by the greeting, or by both ends in mid-stream") {
  const auto begin = greeting();
  for (size_t i = 0; i < 26; ++i)
    CHECK(classify("", begin.substr(0, i)) == match::perhaps);
  CHECK(classify("", begin) == match::yes);
  CHECK(classify(response(plain), begin) == match::yes);
  const auto asked = command(3, "SELECT 1");
  CHECK(classify(asked, ok(), true) == match::yes);
  CHECK(classify(asked, results(true), true) == match::yes);
  CHECK(classify(asked, failure(1064), true) == match::yes);
  CHECK(classify(asked, "", true) == match::perhaps);
}

TEST_CASE("mysql: is not recognised in what others say") {
  CHECK(classify(command(3, "SELECT 1"), "") == match::no);
  CHECK(classify("", "220 smtp.example.com ESMTP\r\n") == match::no);
  CHECK(classify("", "SSH-2.0-OpenSSH_9.2\r\n") == match::no);
  CHECK(classify("", packet(0, "\x0a" + std::string(60, ' '))) == match::no);
  CHECK(classify("GET / HTTP/1.1\r\n", "HTTP/1.1 200 OK\r\n", true) == match::no);
  CHECK(classify("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"s, "\x16\x03\x03\x00\x7a\x02"s)
        == match::no);
  CHECK(classify("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"s, "", true) == match::no);
  std::mt19937 random{1};
  for (int i = 0; i < 2000; ++i) {
    std::string noise(64, '\0');
    for (auto& c : noise)
      c = static_cast<char>(random());
    CHECK(classify("", noise, i % 2 == 0) != match::yes);
    CHECK(classify(noise, noise, i % 2 == 0) == match::no);
  }
}
