// SPDX-License-Identifier: Apache-2.0

// Answers of which the middle was not captured.

#include "actors/container/l7/mysql/ending.hpp"

#include "tests/container/l7/mysql_packets.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

using namespace troupe;
using namespace troupe::l7;
using namespace troupe::l7::mysql_packets;
using namespace std::string_literals;

namespace {

constexpr size_t head = 16384; // What is captured of a receive, and of its end.
constexpr size_t tail = 4096;
constexpr size_t slice = 4096; // As the kernel tells it.
constexpr auto not_captured = static_cast<size_t>(unparsed::not_captured);

// Rows of an answer, up to its end; tells the next sequence.
std::string rows(int count, bool deprecate_eof, int& next, const std::string& value = "value") {
  auto result = packet(next, "\x01") + column(next + 1);
  next += 2;
  if (!deprecate_eof)
    result += eof(next++);
  for (int i = 0; i < count; ++i)
    result += row(next++, value + std::to_string(i));
  return result;
}

std::string end_of(bool deprecate_eof, int sequence, uint64_t status = 2) {
  return deprecate_eof ? ok(sequence, status, '\xfe') : eof(sequence, status);
}

struct answer {
  std::string bytes;
  std::string end;
};

answer answer_of(int count, bool deprecate_eof, bool fails) {
  int next = 1;
  auto bytes = rows(count, deprecate_eof, next);
  return {bytes, fails ? failure(1690, next) : end_of(deprecate_eof, next)};
}

// What a server says, as a client gets it who reads `size` bytes at once.
void receive(dialogue& x, std::string_view bytes, size_t size) {
  for (size_t at = 0; at < bytes.size(); at += size) {
    const auto part = bytes.substr(at, size);
    if (part.size() <= head + tail) {
      x.say({server(std::string{part})}, slice);
      continue;
    }
    x.say({server(std::string{part.substr(0, head - slice)})}, slice);
    x.say_with_tail(part.substr(head - slice), slice, tail);
  }
}

const auto ping = client(command(0x0e));

} // namespace

TEST_CASE("mysql: many rows end as their last bytes say, however long these are") {
  for (const bool deprecate_eof : {true, false})
    for (const bool fails : {true, false})
      for (size_t size = 1; size < 4096; size += size < 100 ? 1 : 97) {
        const auto [bytes, end] = answer_of(4000, deprecate_eof, fails);
        const auto last_row = row(0, "value3999").size();
        dialogue x{mysql_protocol};
        x.say(opened({query("SELECT a FROM orders")}));
        x.say_with_tail(bytes + end, head, size);
        // Without a row before it: once the client speaks.
        CHECK(x.heard.exchanges.size() == (size >= end.size() + last_row ? 1 : 0));
        x.say({ping, server(ok())});
        x.close();
        const bool is_seen = size >= end.size();
        const std::string outcome = !is_seen ? "0 unknown" : fails ? "1690 failed" : "0 ok";
        REQUIRE(x.heard.texts() == texts{"SELECT orders -> " + outcome, "PING -> 0 ok"});
        if (is_seen)
          CHECK(x.heard.exchanges[0].response_bytes == (bytes + end).size());
        CHECK(x.heard.exchanges[0].duration_ns == 1'000'000);
        CHECK((x.heard.lost_bytes() == 0) == is_seen);
      }
}

TEST_CASE("mysql: many rows in receives of any size") {
  for (const bool deprecate_eof : {true, false})
    for (const bool fails : {true, false})
      for (const size_t size : {20'000U, 30'000U, 65'536U, 100'000U})
        for (int count = 9000; count < 9005; ++count) {
          const auto [bytes, end] = answer_of(count, deprecate_eof, fails);
          dialogue x{mysql_protocol};
          x.say(opened({query("SELECT a FROM orders")}));
          receive(x, bytes + end, size);
          x.say({ping, server(ok())});
          x.close();
          REQUIRE(x.heard.texts()
                  == texts{fails ? "SELECT orders -> 1690 failed" : "SELECT orders -> 0 ok",
                           "PING -> 0 ok"});
          CHECK(x.heard.exchanges[0].response_bytes == (bytes + end).size());
          CHECK(x.heard.lost_bytes() == 0);
        }
}

TEST_CASE("mysql: the end of many rows is cut at every byte") {
  for (const bool deprecate_eof : {true, false})
    for (const bool fails : {true, false}) {
      const auto [bytes, end] = answer_of(4000, deprecate_eof, fails);
      for (size_t cut = 0; cut <= end.size(); ++cut) {
        dialogue x{mysql_protocol};
        x.say(opened({query("SELECT a FROM orders")}));
        x.say_with_tail(bytes + end.substr(0, cut), head, tail);
        x.say({server(end.substr(cut)), ping, server(ok())});
        x.close();
        CHECK(x.heard.texts()
              == texts{fails ? "SELECT orders -> 1690 failed" : "SELECT orders -> 0 ok",
                       "PING -> 0 ok"});
        CHECK(x.heard.lost_bytes() == 0);
      }
    }
}

TEST_CASE("mysql: rows that are longer than what is captured of the end") {
  for (const bool deprecate_eof : {true, false})
    for (const size_t size : {65'536U, 131'072U, 262'144U, 1'000'000U}) {
      std::string bytes = packet(1, "\x01") + column(2) + (deprecate_eof ? "" : eof(3));
      int next = deprecate_eof ? 3 : 4;
      for (int i = 0; i < 100; ++i)
        bytes += packet(next++, "\xfc" + number(9000, 2) + std::string(9000, 'x'));
      bytes += end_of(deprecate_eof, next);
      dialogue x{mysql_protocol};
      x.say(opened({query("SELECT a FROM orders")}));
      receive(x, bytes, size);
      CHECK(x.heard.exchanges.empty());
      x.say({ping});
      CHECK(x.heard.texts() == texts{"SELECT orders -> 0 ok"});
      CHECK(x.heard.exchanges[0].response_bytes == bytes.size());
      x.say({server(ok()), query("SELECT a FROM orders")});
      receive(x, bytes, size);
      x.close(); // The client has got it, or not: the server has said all.
      CHECK(x.heard.texts()
            == texts{"SELECT orders -> 0 ok", "PING -> 0 ok", "SELECT orders -> 0 ok"});
      CHECK(x.heard.lost_bytes() == 0);
    }
}

TEST_CASE("mysql: behind many rows another result may follow") {
  for (const bool deprecate_eof : {true, false}) {
    int next = 1;
    auto first = rows(4000, deprecate_eof, next);
    first += end_of(deprecate_eof, next++, 2 | 8);
    int second_next = next;
    auto second = rows(4000, deprecate_eof, second_next);
    second += end_of(deprecate_eof, second_next);
    const std::vector<std::pair<std::string, std::string>> ends{
        {ok(next), "0 ok"}, {failure(1064, next), "1064 failed"}, {second, "0 ok"}};
    for (const auto& [behind, outcome] : ends)
      for (const bool at_once : {true, false}) {
        dialogue x{mysql_protocol};
        x.say(opened({query("CALL two_results()")}));
        x.say_with_tail(at_once ? first + behind : first, head, tail);
        if (!at_once)
          receive(x, behind, 65'536);
        x.say({ping, server(ok())});
        x.close();
        CHECK(x.heard.texts() == texts{"CALL two_results -> " + outcome, "PING -> 0 ok"});
        CHECK(x.heard.exchanges[0].response_bytes == first.size() + behind.size());
        CHECK(x.heard.lost_bytes() == 0);
      }
  }
}

TEST_CASE("mysql: definitions of columns end with an EOF, too, and no answer does") {
  int next = 1;
  auto first = rows(4000, false, next);
  first += eof(next++, 2 | 8);
  const auto second = packet(next, "\x01") + column(next + 1) + eof(next + 2);
  const auto rest = row(next + 3, "1") + failure(1690, next + 4);
  dialogue x{mysql_protocol};
  x.say(opened({query("CALL two_results()")}));
  x.say_with_tail(first + second, head, tail);
  CHECK(x.heard.exchanges.empty());
  x.say({server(rest), ping, server(ok())});
  x.close();
  CHECK(x.heard.texts() == texts{"CALL two_results -> 1690 failed", "PING -> 0 ok"});
  CHECK(x.heard.lost_bytes() == 0);
}

TEST_CASE("mysql: many rows of a statement, and of a cursor") {
  for (const bool deprecate_eof : {true, false}) {
    const auto [bytes, end] = answer_of(4000, deprecate_eof, false);
    std::string fetched;
    for (int i = 1; i <= 4000; ++i)
      fetched += packet(i, "\0\0\5value"s);
    fetched += end_of(deprecate_eof, 4001, 0x82);
    dialogue x{mysql_protocol};
    x.say(opened({client(command(0x17, number(7, 4) + "\0\1\0\0\0"s))}));
    x.say_with_tail(bytes + end, head, tail);
    x.say({client(command(0x1c, number(7, 4) + number(4000, 4)))});
    x.say_with_tail(fetched, head, tail);
    x.close();
    CHECK(x.heard.texts() == texts{"EXECUTE -> 0 ok", "FETCH -> 0 ok"});
    CHECK(x.heard.exchanges[1].response_bytes == fetched.size());
    CHECK(x.heard.lost_bytes() == 0);
  }
}

TEST_CASE("mysql: rows that hold what could be the end of an answer are rows") {
  int next = 1;
  const auto fake = row(7, "1") + failure(1064, 8);
  auto bytes = rows(3000, true, next, fake);
  bytes += ok(next, 2, '\xfe');
  dialogue x{mysql_protocol};
  x.say(opened({query("SELECT a FROM orders")}));
  receive(x, bytes, 65'536);
  x.say({query("SELECT b FROM orders")});
  receive(x, bytes, bytes.size());
  x.close();
  CHECK(x.heard.texts() == texts{"SELECT orders -> 0 ok", "SELECT orders -> 0 ok"});
  CHECK(x.heard.lost_bytes() == 0);
}

TEST_CASE("mysql: an end that was not seen is not made up") {
  const auto [bytes, end] = answer_of(4000, true, false);
  dialogue x{mysql_protocol};
  SUBCASE("the connection is closed in the midst of rows") {
    x.say(opened({query("SELECT a FROM orders")}));
    x.say_with_tail(bytes, head, tail);
    x.close();
    CHECK(x.heard.texts() == texts{"SELECT orders -> 0 unknown"});
    CHECK(x.heard.lost[not_captured] > bytes.size() - head - 30);
    CHECK(x.heard.lost[not_captured] < bytes.size());
  }
  SUBCASE("bytes are lost") {
    x.say(opened({query("SELECT a FROM orders")}));
    x.say_with_tail(bytes, head, tail);
    x.lose(side::server, 30);
    x.say({server(end), ping, server(ok())});
    x.close();
    CHECK(x.heard.texts() == texts{"SELECT orders -> 0 unknown", "PING -> 0 ok"});
  }
  SUBCASE("several requests wait") {
    x.say(opened({query("SELECT a FROM orders"), query("SELECT b FROM orders")}));
    x.say_with_tail(bytes + end, head, tail);
    x.say_with_tail(bytes + end, head, tail);
    x.say({ping, server(ok())});
    x.close();
    CHECK(x.heard.texts()
          == texts{"SELECT orders -> 0 unknown", "SELECT orders -> 0 unknown", "PING -> 0 ok"});
  }
}

TEST_CASE("mysql: an end is found only where there is one") {
  CHECK(!mysql::find_ending(""));
  CHECK(!mysql::find_ending(row(1, "1")));
  CHECK(!mysql::find_ending(row(1, "1") + ok(2))); // No EOF before it.
  CHECK(!mysql::find_ending(packet(2, "\xff\x28\x04 without a state")));
  CHECK(!mysql::find_ending(packet(2, "\xff\xff\xff#42000progress")));
  CHECK(!mysql::find_ending(packet(2, "\xfe" + number(1, 1) + number(0, 8))));
  const auto lone = mysql::find_ending("xx" + eof(9));
  REQUIRE(lone.has_value());
  CHECK(lone->at == 2);
  CHECK(!lone->follows_row);
  CHECK(!mysql::find_ending(row(7, "1") + eof(9))->follows_row);
  CHECK(mysql::find_ending(row(255, "1") + eof(0))->follows_row);
  CHECK(mysql::find_ending(row(8, "1") + eof(9, 8))->goes_on);
  std::mt19937 random{1};
  for (int i = 0; i < 200; ++i) {
    std::string noise(4096, '\0');
    std::generate(noise.begin(), noise.end(), [&] { return static_cast<char>(random()); });
    CHECK(!mysql::find_ending(noise));
    CHECK(!mysql::find_ending(noise + eof(9))->follows_row);
  }
}
