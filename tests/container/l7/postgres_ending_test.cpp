// SPDX-License-Identifier: Apache-2.0

// Answers of which the middle was not captured.

#include "actors/container/l7/postgres/ending.hpp"

#include "tests/container/l7/postgres_messages.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

using namespace troupe;
using namespace troupe::l7;
using namespace troupe::l7::postgres_messages;
using namespace std::string_literals;

namespace {

constexpr size_t head = 16384; // What is captured of a receive, and of its end.
constexpr size_t tail = 4096;
constexpr size_t slice = 4096; // As the kernel tells it.
constexpr auto not_captured = static_cast<size_t>(unparsed::not_captured);

std::string rows(int count) {
  std::string result;
  for (int i = 0; i < count; ++i)
    result += row("value " + std::to_string(i));
  return result;
}

const std::string many = columns() + rows(4000);
const std::string done = complete("SELECT 4000") + ready();
const std::string failed = failure("22012") + ready('E');

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

} // namespace

TEST_CASE("postgres: many rows end as their last bytes say, however long these are") {
  for (size_t size = 1; size < 4096; size += size < 200 ? 1 : 97)
    for (const auto& end : {done, failed}) {
      dialogue x{postgres_protocol};
      x.say(opened({client(query("SELECT a FROM orders"))}));
      x.say_with_tail(many + end, head, size);
      const bool is_seen = size >= end.size();
      CHECK(x.heard.exchanges.size() == (is_seen ? 1 : 0));
      x.say({client(query("SELECT 2")), server(columns() + complete("SELECT 0") + ready())});
      x.close();
      const std::string outcome = !is_seen ? "0 unknown" : end == done ? "0 ok" : "22012 failed";
      REQUIRE(x.heard.texts() == texts{"SELECT orders -> " + outcome, "SELECT -> 0 ok"});
      if (is_seen) {
        CHECK(x.heard.exchanges[0].response_bytes == (many + end).size() - ready().size());
        CHECK(x.heard.exchanges[0].duration_ns == 1'000'000);
      }
      CHECK((x.heard.lost_bytes() == 0) == is_seen);
    }
}

TEST_CASE("postgres: many rows in receives of any size") {
  for (const size_t size : {20'000U, 30'000U, 65'536U, 100'000U})
    for (size_t more = 0; more < 60; ++more)
      for (const auto& end : {done, failed}) {
        const auto answer = many + row(std::string(size - 30 + more, 'x')) + rows(900) + end;
        dialogue x{postgres_protocol};
        x.say(opened({client(query("SELECT a FROM orders"))}));
        receive(x, answer, size);
        CHECK(x.heard.exchanges.size() == 1);
        x.say({client(query("SELECT 2")), server(failure("42P01") + ready())});
        x.close();
        REQUIRE(x.heard.texts()
                == texts{end == done ? "SELECT orders -> 0 ok" : "SELECT orders -> 22012 failed",
                         "SELECT -> 42000 failed"});
        CHECK(x.heard.exchanges[0].response_bytes == answer.size() - ready().size());
        CHECK(x.heard.lost_bytes() == 0);
      }
}

TEST_CASE("postgres: the end of many rows is cut at every byte") {
  for (const auto& end : {done, failed})
    for (size_t cut = 0; cut <= end.size(); ++cut) {
      dialogue x{postgres_protocol};
      x.say(opened({client(query("SELECT a FROM orders"))}));
      x.say_with_tail(many + end.substr(0, cut), head, tail);
      x.say({server(end.substr(cut)), client(query("SELECT 2")),
             server(columns() + complete("SELECT 0") + ready())});
      x.close();
      CHECK(x.heard.texts()
            == texts{end == done ? "SELECT orders -> 0 ok" : "SELECT orders -> 22012 failed",
                     "SELECT -> 0 ok"});
      CHECK(x.heard.lost_bytes() == 0);
    }
}

TEST_CASE("postgres: behind many rows, what is no row may come before the end") {
  const auto notice = message('N', "SNOTICE\0C00000\0Mhm\0\0"s);
  const auto between = notice + message('S', "TimeZone\0UTC\0"s)
                       + message('A', uint32(1) + "ch\0\0"s) + message('3');
  dialogue x{postgres_protocol};
  x.say(opened({client(query("SELECT a FROM orders"))}));
  x.say_with_tail(many + complete("SELECT 4000") + between + ready('T'), head, tail);
  x.say({client(query("COPY orders TO STDOUT"))});
  std::string copied = message('H', "\0\0\1\0\0"s);
  for (int i = 0; i < 9000; ++i)
    copied += message('d', "1\tSELECT\n");
  x.say_with_tail(copied + message('c') + complete("COPY 9000") + ready(), head, tail);
  x.say({client(bind("s1", "cursor") + execute("cursor") + sync_point())});
  x.say_with_tail(message('2') + rows(4000) + message('s') + ready('T'), head, tail);
  x.close();
  CHECK(x.heard.texts() == texts{"SELECT orders -> 0 ok", "COPY orders -> 0 ok", " -> 0 ok"});
  CHECK(x.heard.lost_bytes() == 0);
}

TEST_CASE("postgres: several Executes before one Sync ended well if the last one did") {
  const auto one = bind("") + execute();
  const auto asked = parse("", "SELECT a FROM orders") + one + one + one + sync_point();
  dialogue x{postgres_protocol};
  x.say(opened({client(asked)}));
  x.say_with_tail(bound() + rows(4000) + done.substr(0, done.size() - 6) + message('2') + rows(4000)
                      + complete("SELECT 4000") + message('2') + rows(400) + done,
                  head, tail);
  CHECK(x.heard.texts() == texts(3, "SELECT orders -> 0 ok"));
  CHECK(x.heard.exchanges[2].duration_ns == 1'000'000);
  CHECK(x.heard.lost_bytes() == 0);
  SUBCASE("and nobody knows which failed if one did") {
    x.say({client(asked)});
    x.say_with_tail(bound() + rows(4000) + failed, head, tail);
    x.say({client(one + sync_point())});
    x.say_with_tail(message('2') + rows(4000) + failed, head, tail);
    x.close();
    CHECK(x.heard.texts()
          == texts{"SELECT orders -> 0 ok", "SELECT orders -> 0 ok", "SELECT orders -> 0 ok",
                   "SELECT orders -> 0 unknown", "SELECT orders -> 0 unknown",
                   "SELECT orders -> 0 unknown", "SELECT orders -> 22012 failed"});
  }
}

TEST_CASE("postgres: where several ReadyForQuery are due, the end does not say whose it is") {
  dialogue x{postgres_protocol};
  x.say(opened({client(query("SELECT 1 FROM a") + query("SELECT 2 FROM b"))}));
  x.say_with_tail(many + done, head, tail);
  x.say_with_tail(many + failed, head, tail);
  x.say({client(query("SELECT 3 FROM c")), server(columns() + done)});
  x.close();
  CHECK(x.heard.texts()
        == texts{"SELECT a -> 0 unknown", "SELECT b -> 0 unknown", "SELECT c -> 0 ok"});
}

TEST_CASE("postgres: rows that hold what could be the end of an answer are rows") {
  const auto fake = failure("22012") + ready();
  std::string answer = columns();
  for (int i = 0; i < 1000; ++i)
    answer += row(fake);
  answer += done;
  dialogue x{postgres_protocol};
  x.say(opened({client(query("SELECT a FROM orders"))}));
  receive(x, answer, 32'768);
  x.say({client(query("SELECT b FROM orders"))});
  receive(x, answer, answer.size());
  x.close();
  CHECK(x.heard.texts() == texts{"SELECT orders -> 0 ok", "SELECT orders -> 0 ok"});
  CHECK(x.heard.lost_bytes() == 0);
}

TEST_CASE("postgres: an end that was not seen is not made up") {
  dialogue x{postgres_protocol};
  x.say(opened({client(query("SELECT a FROM orders"))}));
  x.say_with_tail(many, head, tail);
  SUBCASE("the connection is closed in the midst of rows") {
    x.close();
    CHECK(x.heard.texts() == texts{"SELECT orders -> 0 unknown"});
    CHECK(x.heard.lost[not_captured] > many.size() - head - 30);
    CHECK(x.heard.lost[not_captured] < many.size());
  }
  SUBCASE("bytes are lost") {
    x.lose(side::server, 30);
    x.say({server(rows(3) + done), client(query("SELECT 2")), server(columns() + done)});
    x.close();
    CHECK(x.heard.texts() == texts{"SELECT orders -> 0 unknown", "SELECT -> 0 ok"});
  }
  SUBCASE("the client does not wait for it") {
    x.say({client(query("SELECT 2")), server(rows(3) + done), server(columns() + failed),
           client(query("SELECT 3")), server(columns() + done)});
    x.close();
    CHECK(x.heard.texts()
          == texts{"SELECT orders -> 0 unknown", "SELECT -> 0 unknown", "SELECT -> 0 ok"});
  }
}

TEST_CASE("postgres: an end is found only where there is one") {
  CHECK(!postgres::find_ending(""));
  CHECK(!postgres::find_ending(ready()));
  CHECK(!postgres::find_ending(row("1") + ready()));
  CHECK(!postgres::find_ending(complete("SELECT 1")));
  CHECK(!postgres::find_ending(complete("") + ready()));
  CHECK(!postgres::find_ending(message('C', "SELECT 1\0x"s) + ready()));
  CHECK(!postgres::find_ending(message('C', "SELECT 1") + ready()));
  CHECK(!postgres::find_ending(message('E', "SERROR\0Mnot so\0\0"s) + ready()));
  CHECK(!postgres::find_ending(message('E', "SERROR\0C22012\0"s) + ready()));
  CHECK(!postgres::find_ending(complete("SELECT 1") + ready('x')));
  const auto found = postgres::find_ending("xx" + complete("SELECT 1") + ready());
  REQUIRE(found.has_value());
  CHECK(found->at == 2);
  CHECK(!found->failed);
  std::mt19937 random{1};
  for (int i = 0; i < 200; ++i) {
    std::string noise(4096, '\0');
    std::generate(noise.begin(), noise.end(), [&] { return static_cast<char>(random() % 96); });
    CHECK(!postgres::find_ending(noise));
    CHECK(!postgres::find_ending(noise + ready()));
  }
}
