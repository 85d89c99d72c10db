// SPDX-License-Identifier: Apache-2.0
#include "actors/container/l7/early_answers.hpp"
#include "actors/container/l7/kafka/kafka.hpp"
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

constexpr auto number = big_endian;
std::string i16(int x) {
  return number(static_cast<uint64_t>(x), 2);
}
std::string i32(int x) {
  return number(static_cast<uint64_t>(x), 4);
}
std::string i64(int x) {
  return number(static_cast<uint64_t>(x), 8);
}
std::string text(const std::string& x) {
  return i16(static_cast<int>(x.size())) + x;
}
std::string compact(const std::string& x) { // Of less than 127 bytes.
  return static_cast<char>(x.size() + 1) + x;
}
const std::string no_tags(1, '\0');

std::string message(const std::string& x) {
  return i32(static_cast<int>(x.size())) + x;
}
std::string request(int key, int version, int id, const std::string& body) {
  return message(i16(key) + i16(version) + i32(id) + text("shop") + body);
}
std::string flexible_request(int key, int version, int id, const std::string& body) {
  return request(key, version, id, no_tags + body);
}
std::string response(int id, const std::string& body) {
  return message(i32(id) + body);
}

// Produce in version 7 to one partition of one topic.
std::string produce(int id, const std::string& topic, int acks = 1, size_t record_bytes = 20) {
  return request(0, 7, id,
                 i16(-1) + i16(acks) + i32(30000) + i32(1) + text(topic) + i32(1) + i32(0)
                     + i32(static_cast<int>(record_bytes)) + std::string(record_bytes, 'r'));
}
std::string produced(int id, const std::string& topic, const std::vector<int>& errors) {
  std::string partitions;
  for (const auto error : errors)
    partitions += i32(0) + i16(error) + i64(5) + i64(-1) + i64(0);
  return response(id, i32(1) + text(topic) + i32(static_cast<int>(errors.size())) + partitions
                          + i32(0));
}

// Fetch in version 11.
std::string fetch(int id, const std::string& topic) {
  return request(1, 11, id,
                 i32(-1) + i32(500) + i32(1) + i32(1000000) + std::string(1, '\0') + i32(0)
                     + i32(-1) + i32(1) + text(topic) + i32(1) + i32(0));
}
std::string fetched_partition(int error, size_t record_bytes) {
  return i32(0) + i16(error) + i64(9) + i64(9) + i64(0) + i32(0) + i32(-1)
         + i32(static_cast<int>(record_bytes)) + std::string(record_bytes, 'r');
}
std::string fetched(int id, const std::string& topic, const std::vector<std::string>& partitions) {
  std::string all;
  for (const auto& x : partitions)
    all += x;
  return response(id, i32(0) + i16(0) + i32(0) + i32(1) + text(topic)
                          + i32(static_cast<int>(partitions.size())) + all);
}

const std::string ask_versions =
    flexible_request(18, 3, 0, compact("lib") + compact("1") + no_tags);
// No tags in its header, whatever its version.
const std::string tell_versions = response(0, i16(0) + std::string(1, '\1') + i32(0) + no_tags);

} // namespace

TEST_CASE("kafka: a producer and its topics") {
  const std::vector<line> lines{
      client(ask_versions),
      server(tell_versions),
      client(produce(1, "orders")),
      server(produced(1, "orders", {0})),
      client(produce(2, "orders")),
      server(produced(2, "orders", {0, 6, 0})),
      client(request(3, 1, 3, i32(1) + text("nosuch"))),
      server(response(3, i32(1) + i32(1) + text("localhost") + i32(9092) + i16(-1) + i32(1) + i32(1)
                             + i16(3) + text("nosuch") + std::string(1, '\0') + i32(0)))};
  however_cut(kafka_protocol, lines, [](const outcome& x) {
    CHECK(x.texts()
          == texts{"ApiVersions -> 0 ok", "Produce orders -> 0 ok", "Produce orders -> 6 failed",
                   "Metadata nosuch -> 3 failed"});
    CHECK(x.lost_bytes() == 0);
    const auto& first = x.exchanges[1];
    CHECK(first.subject == "orders");
    CHECK(first.duration_ns == 1'000'000);
    CHECK(first.request_bytes == produce(1, "orders").size());
    CHECK(first.response_bytes == produced(1, "orders", {0}).size());
  });
}

TEST_CASE("kafka: produce without acknowledgement has no answer and is counted at once") {
  const std::vector<line> lines{client(produce(1, "logs", 0)),
                                client(produce(2, "logs", 0) + produce(3, "logs")),
                                server(produced(3, "logs", {0}))};
  however_cut(kafka_protocol, lines, [](const outcome& x) {
    CHECK(
        x.texts()
        == texts{"Produce logs -> 0 unknown", "Produce logs -> 0 unknown", "Produce logs -> 0 ok"});
    CHECK(x.lost_bytes() == 0);
  });
}

TEST_CASE("kafka: flexible versions have compact strings and tagged fields") {
  const std::string tags{"\x01\x05\x03xyz", 6};
  const auto asked = request(0, 9, 7,
                             tags + no_tags + i16(-1) + i32(1000) + "\x02" + compact("orders")
                                 + "\x02" + i32(0) + "\x05" + "rrrr" + no_tags + no_tags + no_tags);
  const auto said = [&tags](int error) {
    return response(7, tags + "\x02" + compact("orders") + "\x02" + i32(0) + i16(error) + i64(1)
                           + i64(-1) + i64(0) + "\x01" + no_tags + no_tags + no_tags + i32(0)
                           + no_tags);
  };
  const std::vector<line> lines{client(asked), server(said(0)), client(asked), server(said(10))};
  however_cut(kafka_protocol, lines, [](const outcome& x) {
    CHECK(x.texts() == texts{"Produce orders -> 0 ok", "Produce orders -> 10 failed"});
  });
}

TEST_CASE("kafka: newer versions say a topic's id, which is no name") {
  const std::string id(16, '\x11');
  const auto asked =
      flexible_request(1, 13, 4,
                       i32(-1) + i32(500) + i32(1) + i32(100) + no_tags + i32(0) + i32(-1) + "\x02"
                           + id + "\x01" + no_tags + "\x01" + compact("") + no_tags);
  const auto said = response(4, no_tags + i32(0) + i16(0) + i32(0) + "\x02" + id + "\x02" + i32(0)
                                    + i16(1) + i64(0));
  however_cut(kafka_protocol, {client(asked), server(said)},
              [](const outcome& x) { CHECK(x.texts() == texts{"Fetch -> 1 failed"}); });
}

TEST_CASE("kafka: pipelined requests are answered in order") {
  std::string asked;
  std::string answered;
  for (int i = 0; i < 50; ++i) {
    asked += produce(i, "t" + std::to_string(i));
    answered += produced(i, "t" + std::to_string(i), {i % 5});
  }
  dialogue x{kafka_protocol};
  x.say({client(asked), server(answered)}, 500);
  REQUIRE(x.heard.exchanges.size() == 50);
  for (int i = 0; i < 50; ++i) {
    const auto& told = x.heard.exchanges[static_cast<size_t>(i)];
    CHECK(told.operation == "Produce t" + std::to_string(i));
    CHECK(told.status == i % 5);
    CHECK(told.outcome == (i % 5 == 0 ? l7_outcome::ok : l7_outcome::failed));
  }
  CHECK(x.heard.lost_bytes() == 0);
}

TEST_CASE("kafka: of big records only the beginning is captured") {
  dialogue x{kafka_protocol};
  x.say({client(produce(1, "big", 1, 300'000)), server(produced(1, "big", {0})),
         client(fetch(2, "big")), server(fetched(2, "big", {fetched_partition(0, 500'000)})),
         client(fetch(3, "big")), server(fetched(3, "big", {fetched_partition(1, 0)})),
         client(fetch(4, "big")),
         server(fetched(4, "big", {fetched_partition(0, 10), fetched_partition(3, 10)})),
         client(fetch(5, "big")),
         server(fetched(5, "big", {fetched_partition(0, 9000), fetched_partition(3, 10)}))},
        8192);
  x.close();
  // Of the last one the second partition's code is out of reach.
  CHECK(x.heard.texts()
        == texts{"Produce big -> 0 ok", "Fetch big -> 0 ok", "Fetch big -> 1 failed",
                 "Fetch big -> 3 failed", "Fetch big -> 0 unknown"});
  CHECK(x.heard.lost_bytes() == 0);
  CHECK(x.heard.exchanges[0].request_bytes == produce(1, "big", 1, 300'000).size());
}

TEST_CASE("kafka: a version from the future is not guessed at") {
  const std::vector<line> lines{client(flexible_request(0, 29, 1, no_tags + i16(1))),
                                server(response(1, no_tags + "\x01" + i32(0) + no_tags))};
  however_cut(kafka_protocol, lines,
              [](const outcome& x) { CHECK(x.texts() == texts{"Produce -> 0 unknown"}); });
}

TEST_CASE("kafka: tokens of SASL in its first version have no header") {
  const std::vector<line> lines{client(request(17, 0, 1, text("PLAIN"))),
                                server(response(1, i16(0) + i32(1) + text("PLAIN"))),
                                client(message(std::string{"\0user\0password", 14})),
                                server(message("")),
                                client(produce(2, "orders")),
                                server(produced(2, "orders", {0}))};
  however_cut(kafka_protocol, lines, [](const outcome& x) {
    CHECK(x.texts() == texts{"SaslHandshake -> 0 ok", "Produce orders -> 0 ok"});
    CHECK(x.lost_bytes() == 0);
  });
}

TEST_CASE("kafka: an answer that we hear of before its request waits for it") {
  const std::vector<line> lines{server(tell_versions),
                                client(ask_versions),
                                client(produce(1, "a")),
                                server(produced(1, "a", {0}) + produced(2, "b", {6})),
                                client(produce(2, "b") + produce(3, "c")),
                                server(produced(3, "c", {0}) + produced(4, "d", {0}))};
  however_cut(kafka_protocol, lines, [](const outcome& x) {
    CHECK(x.texts()
          == texts{"ApiVersions -> 0 ok", "Produce a -> 0 ok", "Produce b -> 6 failed",
                   "Produce c -> 0 ok"});
    CHECK(x.exchanges[2].duration_ns == 0);
    CHECK(x.exchanges[2].response_bytes == produced(2, "b", {6}).size());
    CHECK(x.lost[static_cast<size_t>(unparsed::unanswered)] == produced(4, "d", {0}).size());
    CHECK(x.lost_bytes() == produced(4, "d", {0}).size());
  });
}

TEST_CASE("kafka: of a big answer that came too early the beginning is kept") {
  dialogue x{kafka_protocol};
  x.say({client(ask_versions), server(tell_versions)});
  x.say({server(fetched(1, "big", {fetched_partition(0, 500'000)})), client(fetch(1, "big")),
         server(fetched(2, "big", {fetched_partition(1, 50'000)})), client(fetch(2, "big"))},
        8192);
  x.close();
  CHECK(x.heard.texts()
        == texts{"ApiVersions -> 0 ok", "Fetch big -> 0 ok", "Fetch big -> 1 failed"});
  CHECK(x.heard.lost_bytes() == 0);
}

TEST_CASE("kafka: requests of one send may all be answered before we hear of it") {
  std::string asked;
  std::string answered;
  for (int i = 0; i < 70; ++i) {
    asked += produce(100 + i, "t", 1, 1);
    answered += produced(100 + i, "t", {i % 5});
  }
  dialogue x{kafka_protocol};
  x.say({client(ask_versions), server(tell_versions)});
  for (const auto& said : {server(answered), client(asked)})
    x.say({said}, 1000);
  x.close();
  // More than are kept: the oldest ones found nobody.
  REQUIRE(x.heard.exchanges.size() == 1 + early_answers::most);
  for (size_t i = 0; i < early_answers::most; ++i)
    CHECK(x.heard.exchanges[1 + i].status == static_cast<int>((i + 6) % 5));
  CHECK(x.heard.lost[static_cast<size_t>(unparsed::unanswered)]
        == 6 * (produced(1, "t", {0}).size() + produce(1, "t", 1, 1).size()));
}

TEST_CASE("kafka: an answer does not wait for long, nor for a request behind a missing one") {
  dialogue x{kafka_protocol};
  x.say({client(produce(1, "a")), server(produced(1, "a", {0})), server(produced(2, "b", {0}))});
  SUBCASE("too late") {
    for (int i = 0; i < 100; ++i) // A millisecond each.
      x.say({client(produce(9, "logs", 0))});
  }
  SUBCASE("a request is missing") {
    x.lose(side::client, 50);
  }
  x.heard.exchanges.clear();
  x.say({client(produce(2, "b"))});
  CHECK(x.heard.exchanges.empty());
  CHECK(x.heard.lost[static_cast<size_t>(unparsed::unanswered)] == produced(2, "b", {0}).size());
  x.say({server(produced(2, "b", {6}))});
  x.close();
  CHECK(x.heard.texts() == texts{"Produce b -> 6 failed"});
}

TEST_CASE("kafka: in mid-stream nothing waits that cannot be the first answer of a connection") {
  dialogue x{kafka_protocol};
  SUBCASE("an answer to what was asked before, by a client that counts nothing") {
    x.say({server(produced(0, "a", {7})), client(produce(0, "b")), server(produced(0, "b", {0}))});
    x.close();
    CHECK(x.heard.texts() == texts{"Produce b -> 0 ok"});
    CHECK(x.heard.lost[static_cast<size_t>(unparsed::unanswered)] == produced(0, "a", {7}).size());
  }
  SUBCASE("the end of something that looks like the beginning of an answer") {
    x.say({server(i32(1000) + std::string(40, 'r')), client(produce(5, "b")),
           server(produced(5, "b", {0}))});
    x.close();
    CHECK(x.heard.texts() == texts{"Produce b -> 0 ok"});
    CHECK(x.heard.lost[static_cast<size_t>(unparsed::out_of_sync)] == 44);
  }
}

TEST_CASE("kafka: attached in mid-stream") {
  dialogue x{kafka_protocol};
  x.say({server(std::string(700, 'r')), // The end of an answer.
         client(std::string(300, 'r')), // The end of a request.
         client(produce(9, "orders")), server(produced(9, "orders", {0})),
         server(produced(10, "orders", {0})), client(produce(11, "orders")),
         server(produced(11, "orders", {7}))});
  x.close();
  CHECK(x.heard.texts() == texts{"Produce orders -> 0 ok", "Produce orders -> 7 failed"});
  CHECK(x.heard.lost[static_cast<size_t>(unparsed::out_of_sync)] == 1000);
  CHECK(x.heard.lost[static_cast<size_t>(unparsed::unanswered)]
        == produced(10, "orders", {0}).size());
}

TEST_CASE("kafka: bytes that were lost, and requests without an answer") {
  dialogue x{kafka_protocol};
  x.say({client(produce(1, "a")), client(produce(2, "b"))});
  x.lose(side::server, produced(1, "a", {0}).size());
  x.say({server(produced(2, "b", {0}))});
  x.lose(side::client, 100);
  x.say({client(produce(4, "c")), server(produced(3, "x", {0})), server(produced(4, "c", {0})),
         client(produce(5, "d"))});
  x.close();
  CHECK(x.heard.texts() == texts{"Produce b -> 0 ok", "Produce c -> 0 ok"});
  CHECK(x.heard.lost[static_cast<size_t>(unparsed::unanswered)]
        == produce(1, "a").size() + produced(3, "x", {0}).size() + produce(5, "d").size());
}

TEST_CASE("kafka: recognised by the header of a request") {
  const auto classify = kafka_protocol.classify;
  CHECK(classify({ask_versions, {}, 9092, false}) == match::yes);
  CHECK(classify({produce(7, "x"), {}, 9092, true}) == match::yes);
  CHECK(classify({ask_versions.substr(0, 9), {}, 9092, false}) == match::perhaps);
  CHECK(classify({message(i16(3) + i16(0) + i32(1) + i16(-1) + i32(0)), {}, 9092, false})
        == match::yes);
  CHECK(classify({{}, tell_versions, 9092, false}) == match::perhaps); // Heard of too early.
  CHECK(classify({{}, i32(3000) + i32(0), 9092, false}) == match::no);
  CHECK(classify({{}, "SSH-2.0-OpenSSH_9.2", 9092, false}) == match::no);
  CHECK(classify({{}, tell_versions, 9092, true}) == match::perhaps);
}

TEST_CASE("kafka: other protocols with a length at their beginning are none of it") {
  const auto classify = kafka_protocol.classify;
  // ZooKeeper: protocol version 0, last zxid 0, a timeout.
  CHECK(classify({message(i32(0) + i64(0) + i32(30000) + i64(0) + i32(16) + std::string(16, '\0')),
                  {},
                  2181,
                  false})
        == match::no);
  // PostgreSQL: version 3.0.
  const std::string options{"user\0postgres\0database\0shop\0\0", 29};
  CHECK(classify({i32(37) + i16(3) + i16(0) + options, {}, 5432, false}) == match::no);
  CHECK(classify({i32(8) + i32(80877103), {}, 5432, false}) == match::no);
  const std::string client_hello{"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\x11\x22\x33\x44",
                                 15};
  CHECK(classify({client_hello, {}, 9093, false}) == match::no);
  CHECK(classify({"GET / HTTP/1.1\r\n\r\n", {}, 80, false}) == match::no);
  std::mt19937 random{1};
  for (int i = 0; i < 1000; ++i) {
    std::string bytes;
    for (int k = 0; k < 64; ++k)
      bytes += static_cast<char>(random());
    CHECK(classify({bytes, {}, 9092, i % 2 == 0}) == match::no);
  }
}

TEST_CASE("kafka: a message that is shorter than its header, where tokens may be as short") {
  const std::vector<line> lines{client(request(17, 0, 1, text("PLAIN"))),
                                server(response(1, i16(33) + i32(0))), client(produce(0, "a")),
                                server(i32(0) + produced(0, "a", {0}))};
  however_cut(kafka_protocol, lines, [](const outcome& x) {
    CHECK(x.texts() == texts{"SaslHandshake -> 33 failed", "Produce a -> 0 ok"});
  });
}
