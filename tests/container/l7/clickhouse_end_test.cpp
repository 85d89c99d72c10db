// SPDX-License-Identifier: Apache-2.0
#include "actors/container/l7/clickhouse/answer_end.hpp"
#include "actors/container/l7/clickhouse/clickhouse.hpp"
#include "tests/container/l7/clickhouse_speech.hpp"
#include "tests/container/l7/dialogue.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

// How long answers end, of which the beginning and the last 4 KiB are captured.

using namespace troupe;
using namespace troupe::l7;
using namespace troupe::l7::clickhouse_said;
using clickhouse::find_answer_end;
using texts = std::vector<std::string>;

namespace {

constexpr size_t head_bytes = 8192;
constexpr size_t tail_bytes = 4096;

/// The block behind the rows, as it is compressed for real.
std::string empty_block(const speech& x, char method = '\x82') {
  const auto content = x.block(0, {}, false).substr(1);
  if (!x.compressed)
    return number(1) + text("") + content;
  auto body = content;
  if (method == '\x82')
    body = "\xa0" + content;
  else if (method == '\x90')
    body = std::string{"\x28\xb5\x2f\xfd\x20\x0a\x51\0\0", 9} + content;
  return number(1) + text("") + std::string(16, '\x07') + method + little(body.size() + 9, 4)
         + little(content.size(), 4) + body;
}

/// Rows of which nobody can tell where they end.
std::string rows(const speech& x, size_t bytes = 60'000) {
  if (!x.compressed)
    return x.data(1, 2, {{"j", "JSON", std::string(bytes, '\x05')}});
  const auto packet = number(1) + text("") + speech::frame(bytes / 2, bytes);
  return packet + packet;
}

/// Both say Hello, and the client asks for a table.
dialogue asked(const speech& x) {
  dialogue result{clickhouse_protocol};
  result.say({client(x.client_hello()), server(x.server_hello()),
              client(x.addendum() + x.query("SELECT j FROM t") + x.data(2))});
  return result;
}

} // namespace

TEST_CASE("clickhouse: a long answer ends with EndOfStream in what is captured of its end") {
  for (const bool compressed : {false, true})
    for (const uint64_t revision : {54412U, 54429U, 54460U, 54492U}) {
      CAPTURE(compressed);
      CAPTURE(revision);
      const speech spoken{revision, compressed};
      const auto answer = rows(spoken) + spoken.profile() + spoken.progress() + empty_block(spoken)
                          + spoken.progress() + end_of_stream;
      auto x = asked(spoken);
      x.say_with_tail(answer, head_bytes, tail_bytes);
      REQUIRE(x.heard.texts() == texts{"SELECT t -> 0 ok"}); // At once.
      CHECK(x.heard.exchanges[0].response_bytes == answer.size());
      CHECK(x.heard.exchanges[0].duration_ns == 1'000'000);
      x.say({client(spoken.query("SELECT 1")), server(spoken.exception(60))});
      x.close();
      CHECK(x.heard.texts() == texts{"SELECT t -> 0 ok", "SELECT -> 60 failed"});
      CHECK(x.heard.lost[static_cast<size_t>(unparsed::out_of_sync)] == 0);
    }
}

TEST_CASE("clickhouse: a long answer ends with an exception in what is captured of its end") {
  for (const bool nested : {false, true})
    for (const uint64_t revision : {54412U, 54460U, 54492U}) {
      const speech spoken{revision, revision == 54460U};
      const auto answer = rows(spoken) + spoken.progress() + spoken.exception(241, nested);
      auto x = asked(spoken);
      x.say_with_tail(answer, head_bytes, tail_bytes);
      CHECK(x.heard.texts() == texts{"SELECT t -> 241 failed"});
      x.close();
      REQUIRE(x.heard.exchanges.size() == 1);
      CHECK(x.heard.exchanges[0].response_bytes == answer.size());
    }
}

TEST_CASE("clickhouse: the end of an answer whose rows went by is found where it is all there") {
  const speech spoken{54460, false};
  auto x = asked(spoken);
  x.say({server(rows(spoken))});
  x.say({server(std::string(500, '\x05') + empty_block(spoken) + end_of_stream)});
  x.close();
  CHECK(x.heard.texts() == texts{"SELECT t -> 0 ok"});
}

TEST_CASE("clickhouse: where an end proves nothing, an answer's outcome is not guessed") {
  const speech spoken{54460, false};
  auto x = asked(spoken);
  std::string end;
  SUBCASE("rows") {
    end = end_of_stream;
  }
  SUBCASE("there is more") {
    end = empty_block(spoken) + end_of_stream + "\x05";
  }
  SUBCASE("there is less") {
    end = empty_block(spoken) + spoken.progress();
  }
  SUBCASE("an exception that does not end there") {
    end = spoken.exception(241);
    end.pop_back();
    end += "\x01";
  }
  SUBCASE("an exception longer than that") {
    end = "\x02" + little(241, 4) + text("DB::Exception") + text("no")
          + text(std::string(5000, 's')) + zeros(1);
  }
  x.say_with_tail(rows(spoken) + end, head_bytes, tail_bytes);
  CHECK(x.heard.exchanges.empty());
  x.close();
  CHECK(x.heard.texts() == texts{"SELECT t -> 0 unknown"});
}

TEST_CASE("clickhouse: the last byte of what is captured tells the outcome at the next query") {
  const speech spoken{54460, false};
  auto x = asked(spoken);
  x.say_with_tail(rows(spoken) + end_of_stream, head_bytes, tail_bytes);
  x.say({client(spoken.query("SELECT 1"))});
  CHECK(x.heard.texts() == texts{"SELECT t -> 0 ok"});
}

TEST_CASE("clickhouse: the block behind the rows is known in each compression") {
  const speech packed{54460, true};
  const std::string before(1000, '\x82');
  for (const char method : {'\x02', '\x82', '\x90'}) {
    const auto end = empty_block(packed, method) + packed.progress() + end_of_stream;
    CHECK(find_answer_end(before + end, 54460, true) == before.size());
    CHECK_FALSE(find_answer_end(before + end, 54460, false));
    CHECK_FALSE(find_answer_end(before + end, 54460, std::nullopt));
    CHECK_FALSE(
        find_answer_end(before + end, 0, true)); // Progress is as long as the revision has it.
    CHECK_FALSE(find_answer_end(end.substr(3), 54460, true));
  }
}

TEST_CASE("clickhouse: rows may have what looks like the end in them") {
  const speech plain{54492, false};
  const auto false_end = empty_block(plain) + end_of_stream;
  const auto end = empty_block(plain) + plain.profile() + end_of_stream;
  CHECK(find_answer_end(false_end + std::string(700, 'x') + end, 54492, false)
        == false_end.size() + 700);
  std::string many;
  for (int i = 0; i < 300; ++i)
    many += false_end;
  CHECK(find_answer_end(many + end, 54492, false) == many.size());
  CHECK_FALSE(find_answer_end(many + "x" + end_of_stream, 54492, false));
  const auto newest = std::string{"\x01\0\x01\0\x02\xff\xff\xff\xff\x03\0\0\0\0\x05", 15};
  CHECK(find_answer_end("xyz" + newest, 54492, false) == 3);
  CHECK_FALSE(find_answer_end("xyz" + newest, 54460, false)); // Had no such field.
}
