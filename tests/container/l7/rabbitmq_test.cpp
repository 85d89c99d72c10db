// SPDX-License-Identifier: Apache-2.0
#include "actors/container/l7/rabbitmq/rabbitmq.hpp"
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
std::string text(const std::string& x) {
  return number(x.size(), 1) + x;
}
std::string frame(int type, unsigned channel, const std::string& payload) {
  return number(static_cast<uint64_t>(type), 1) + number(channel, 2) + number(payload.size(), 4)
         + payload + "\xce";
}
std::string method(unsigned channel, unsigned class_id, unsigned id,
                   const std::string& arguments = {}) {
  return frame(1, channel, number(class_id, 2) + number(id, 2) + arguments);
}

// The content of a message: a header without properties, and bodies of at most 100,000 bytes.
std::string content(unsigned channel, size_t bytes, const std::string& properties = {}) {
  auto result = frame(2, channel,
                      number(60, 2) + number(0, 2) + number(bytes, 8)
                          + (properties.empty() ? number(0, 2) : properties));
  for (size_t at = 0; at < bytes; at += 100'000)
    result += frame(3, channel, std::string(std::min<size_t>(bytes - at, 100'000), 'b'));
  return result;
}
std::string publish(unsigned channel, const std::string& exchange, const std::string& key,
                    size_t bytes = 5) {
  return method(channel, 60, 40, number(0, 2) + text(exchange) + text(key) + number(0, 1))
         + content(channel, bytes);
}
std::string deliver(unsigned channel, const std::string& exchange, const std::string& key,
                    size_t bytes = 5) {
  return method(channel, 60, 60,
                text("ctag1") + number(1, 8) + number(0, 1) + text(exchange) + text(key))
         + content(channel, bytes);
}
std::string ack(unsigned channel, uint64_t tag, bool multiple = false) {
  return method(channel, 60, 80, number(tag, 8) + number(multiple ? 1 : 0, 1));
}
std::string nack(unsigned channel, uint64_t tag) {
  return method(channel, 60, 120, number(tag, 8) + number(0, 1));
}
std::string close_channel(unsigned channel, unsigned code, unsigned class_id, unsigned id) {
  return method(channel, 20, 40,
                number(code, 2) + text("NOT_FOUND") + number(class_id, 2) + number(id, 2));
}

const std::string hello{"AMQP\x00\x00\x09\x01", 8};
const std::string heartbeat = frame(8, 0, {});
const line greeting = client(hello);
const line start = server(method(0, 10, 10, std::string(200, 's')));
const line confirms = client(method(1, 85, 10, number(0, 1)));
const line confirms_ok = server(method(1, 85, 11));

} // namespace

TEST_CASE("rabbitmq: messages are produced and consumed") {
  const std::vector<line> lines{
      greeting,
      start,
      client(method(0, 10, 40, text("/") + text("") + number(0, 1))),
      server(method(0, 10, 41, text(""))),
      client(method(1, 20, 10, text(""))),
      server(method(1, 20, 11, number(0, 4))),
      client(publish(1, "shop", "order.new") + publish(1, "", "mails")
             + publish(1, "shop", "x", 0)),
      client(heartbeat),
      server(heartbeat + deliver(1, "shop", "order.new") + deliver(1, "", "mails"))};
  however_cut(rabbitmq_protocol, lines, [](const outcome& x) {
    CHECK(x.texts()
          == texts{"publish shop -> 0 unknown", "publish mails -> 0 unknown",
                   "publish shop -> 0 unknown", "deliver shop -> 0 ok", "deliver mails -> 0 ok"});
    CHECK(x.exchanges[0].method == "produce");
    CHECK(x.exchanges[0].subject == "shop");
    CHECK(x.exchanges[0].detail == "order.new");
    CHECK(x.exchanges[0].request_bytes == publish(1, "shop", "order.new").size());
    CHECK(x.exchanges[3].method == "consume");
    CHECK(x.exchanges[3].response_bytes == deliver(1, "shop", "order.new").size());
    CHECK(x.lost_bytes() == 0);
  });
}

TEST_CASE("rabbitmq: confirms decide, one by one and many at once, on their channel only") {
  const std::vector<line> lines{greeting,
                                start,
                                confirms,
                                confirms_ok,
                                client(publish(1, "a", "1") + publish(1, "a", "2")
                                       + publish(2, "z", "1") + publish(1, "a", "3")),
                                server(ack(1, 2) + nack(1, 1)),
                                client(publish(1, "a", "4") + publish(1, "a", "5")),
                                server(ack(1, 4, true) + ack(1, 0, true)),
                                client(publish(1, "a", "6"))};
  however_cut(rabbitmq_protocol, lines, [](const outcome& x) {
    CHECK(x.texts()
          == texts{"publish z -> 0 unknown", "publish a -> 0 ok", "publish a -> 0 failed",
                   "publish a -> 0 ok", "publish a -> 0 ok", "publish a -> 0 ok",
                   "publish a -> 0 unknown"});
    CHECK(x.exchanges[1].detail == "2");
    CHECK(x.exchanges[1].duration_ns == 1'000'000);
    CHECK(x.exchanges[1].response_bytes == ack(1, 2).size());
    CHECK(x.exchanges[3].detail == "3");
  });
}

TEST_CASE("rabbitmq: a confirm that we hear of before its message waits for it") {
  dialogue x{rabbitmq_protocol};
  x.say({greeting, start, confirms, confirms_ok, client(publish(1, "a", "1")),
         server(ack(1, 3, true) + nack(1, 4)), client(publish(1, "a", "2") + publish(1, "a", "3")),
         client(publish(1, "a", "4")), client(publish(1, "a", "5"))});
  x.close();
  CHECK(x.heard.texts()
        == texts{"publish a -> 0 ok", "publish a -> 0 ok", "publish a -> 0 ok",
                 "publish a -> 0 failed", "publish a -> 0 unknown"});
}

TEST_CASE("rabbitmq: what is returned has failed, though it is confirmed") {
  const auto returned =
      method(1, 60, 50, number(312, 2) + text("NO_ROUTE") + text("") + text("q")) + content(1, 5);
  const std::vector<line> lines{greeting,
                                start,
                                confirms,
                                confirms_ok,
                                client(publish(1, "", "other") + publish(1, "", "q")),
                                server(ack(1, 1) + returned + ack(1, 2))};
  however_cut(rabbitmq_protocol, lines, [](const outcome& x) {
    CHECK(x.texts() == texts{"publish other -> 0 ok", "publish q -> 312 failed"});
  });
}

TEST_CASE("rabbitmq: a closed channel or connection names the method that failed") {
  const std::vector<line> lines{
      greeting,
      start,
      client(method(1, 50, 10, number(0, 2) + text("none"))),
      server(close_channel(1, 404, 50, 10)),
      client(method(1, 20, 41)),
      client(method(1, 20, 10)),
      confirms,
      client(publish(1, "noex", "k")),
      server(close_channel(1, 404, 60, 40)),
      client(method(1, 20, 41)),
      client(publish(2, "noex", "k")),
      server(close_channel(2, 404, 60, 40)),
      server(close_channel(3, 404, 60, 20)),
      server(method(0, 10, 50, number(320, 2) + text("CONNECTION_FORCED") + number(0, 4)))};
  however_cut(rabbitmq_protocol, lines, [](const outcome& x) {
    CHECK(x.texts()
          == texts{"queue.declare -> 404 failed", "publish noex -> 404 failed",
                   "publish noex -> 0 unknown", "basic.publish -> 404 failed",
                   "basic.consume -> 404 failed", "connection -> 320 failed"});
    CHECK(x.exchanges[0].method.empty());
    CHECK(x.exchanges[3].method == "produce");
    CHECK(x.exchanges[4].method == "consume");
    CHECK(x.exchanges[5].method.empty());
    CHECK(x.exchanges[0].detail == "NOT_FOUND");
  });
}

TEST_CASE("rabbitmq: a connection that is closed in peace is no failure") {
  const std::vector<line> lines{
      greeting, start, client(method(0, 10, 50, number(200, 2) + text("bye") + number(0, 4))),
      server(method(0, 10, 51)),
      server(method(0, 10, 50, number(200, 2) + text("") + number(0, 4)))};
  however_cut(rabbitmq_protocol, lines, [](const outcome& x) {
    CHECK(x.exchanges.empty());
    CHECK(x.lost_bytes() == 0);
  });
}

TEST_CASE("rabbitmq: a message that is asked for, and a queue that is empty") {
  const std::vector<line> lines{
      greeting,
      start,
      client(method(1, 60, 70, number(0, 2) + text("q") + number(0, 1))),
      server(method(1, 60, 72, text(""))),
      client(method(1, 60, 70, number(0, 2) + text("q") + number(0, 1))),
      server(method(1, 60, 71, number(1, 8) + number(0, 1) + text("") + text("q") + number(0, 4))
             + content(1, 3))};
  however_cut(rabbitmq_protocol, lines, [](const outcome& x) {
    CHECK(x.texts() == texts{"get q -> 0 ok"});
    CHECK(x.exchanges[0].duration_ns == 1'000'000);
  });
}

TEST_CASE("rabbitmq: the trace context is among a message's headers") {
  const auto field = [](const std::string& name, char type, const std::string& value) {
    return text(name) + std::string(1, type) + value;
  };
  const auto table = field("n", 'I', number(5, 4)) + field("f", 't', number(1, 1))
                     + field("deep", 'F', number(0, 4))
                     + field("traceparent", 'S', number(11, 4) + "00-ab-cd-01");
  const auto properties = number(0xa000, 2) + text("text/plain") + number(table.size(), 4) + table;
  const auto published = method(1, 60, 40, number(0, 2) + text("") + text("q") + number(0, 1))
                         + content(1, 9, properties);
  however_cut(rabbitmq_protocol, {greeting, client(published)}, [](const outcome& x) {
    CHECK(x.texts() == texts{"publish q -> 0 unknown"});
    CHECK(x.exchanges[0].traceparent == "00-ab-cd-01");
  });
}

TEST_CASE("rabbitmq: of a big body only the beginning of each frame is needed") {
  dialogue x{rabbitmq_protocol};
  x.say({greeting, start});
  const auto big = publish(1, "", "q", 250'000);
  const auto first = big.find(std::string(100, 'b'));
  x.say_cut(client(big.substr(0, first + 100'001)), 200);
  x.say_cut(client(big.substr(first + 100'001, 100'008)), 7);
  x.say_cut(client(big.substr(first + 200'009)), 1000);
  x.say({client(publish(1, "", "next"))});
  CHECK(x.heard.texts() == texts{"publish q -> 0 unknown", "publish next -> 0 unknown"});
  CHECK(x.heard.exchanges[0].request_bytes == big.size());
  CHECK(x.heard.lost_bytes() == 0);
}

TEST_CASE("rabbitmq: where a big body ends is reckoned, wherever its frames begin") {
  const auto big = publish(1, "", "big", 1'234'567);
  // Of each chunk 2,000 bytes are captured: no frame of the body but the first begins there.
  for (const size_t size : {big.size(), size_t{400'000}, size_t{90'000}, size_t{70'001}}) {
    dialogue x{rabbitmq_protocol};
    x.say({greeting, start, confirms, confirms_ok});
    for (size_t at = 0; at < big.size(); at += size)
      x.say_cut(client(big.substr(at, size)), 2'000);
    x.say({server(ack(1, 1)), client(publish(1, "", "next")), server(ack(1, 2))});
    CHECK(x.heard.texts() == texts{"publish big -> 0 ok", "publish next -> 0 ok"});
    CHECK(x.heard.exchanges.at(0).request_bytes == big.size());
    CHECK(x.heard.lost_bytes() == 0);
  }
}

TEST_CASE("rabbitmq: what is reckoned wrong is seen") {
  // Two bodies by turns, each with frames that the other one's end is reckoned without.
  const auto first = publish(1, "", "a", 200'000);
  const auto second = publish(2, "", "b", 200'000);
  const auto half = first.size() - 100'008;
  dialogue x{rabbitmq_protocol};
  x.say({greeting, start, confirms, confirms_ok});
  x.say_cut(client(first.substr(0, half) + second.substr(0, half) + first.substr(half)
                   + second.substr(half)),
            2'000);
  x.say({client(publish(1, "", "c")), server(ack(1, 1)), client(publish(1, "", "d"))});
  x.close();
  CHECK(x.heard.texts()
        == texts{"publish a -> 0 unknown", "publish c -> 0 unknown", "publish d -> 0 unknown"});
  CHECK(x.heard.lost_bytes() > 0);
}

TEST_CASE("rabbitmq: attached in mid-stream, nothing is known of confirms") {
  dialogue x{rabbitmq_protocol};
  x.say({client("the end of a body\xce" + publish(3, "a", "k") + publish(3, "a", "k")),
         server("rest" + ack(3, 17) + deliver(4, "b", "k"))});
  x.close();
  CHECK(x.heard.texts()
        == texts{"publish a -> 0 unknown", "publish a -> 0 unknown", "deliver b -> 0 ok"});
  CHECK(x.heard.lost_bytes() == 18 + 4);
}

TEST_CASE("rabbitmq: bytes that were lost end what cannot be counted any more") {
  dialogue x{rabbitmq_protocol};
  x.say({greeting, start, confirms, confirms_ok, client(publish(1, "a", "1")),
         client(publish(1, "a", "2"))});
  SUBCASE("of the client: which publish is meant by a number is not known") {
    x.lose(side::client, 1000);
    x.say({client(publish(1, "a", "9")), server(ack(1, 9, true))});
    x.close();
    CHECK(x.heard.texts()
          == texts{"publish a -> 0 unknown", "publish a -> 0 unknown", "publish a -> 0 unknown"});
  }
  SUBCASE("of the server: numbers are still what they were") {
    x.lose(side::server, ack(1, 1).size());
    x.say({server(ack(1, 2))});
    x.close();
    CHECK(x.heard.texts() == texts{"publish a -> 0 ok", "publish a -> 0 unknown"});
    CHECK(x.heard.exchanges[0].detail == "2");
  }
}

TEST_CASE("rabbitmq: who never gets confirms is bounded") {
  dialogue x{rabbitmq_protocol};
  x.say({greeting, confirms});
  for (int i = 0; i < 5000; ++i)
    x.say({client(publish(1, "a", "k"))});
  CHECK(x.heard.exchanges.size() > 2900);
  x.close();
  CHECK(x.heard.exchanges.size() == 5000);
}

TEST_CASE("rabbitmq: what does not end as a frame has to is out of sync") {
  auto broken = publish(1, "a", "1");
  broken[method(1, 60, 40, number(0, 2) + text("a") + text("1") + number(0, 1)).size() - 1] = 'x';
  dialogue x{rabbitmq_protocol};
  x.say({greeting, client(broken), client(publish(1, "b", "1"))});
  x.close();
  CHECK(x.heard.texts() == texts{"publish b -> 0 unknown"});
  CHECK(x.heard.lost[static_cast<size_t>(unparsed::out_of_sync)] == broken.size());
}

TEST_CASE("rabbitmq: recognised by its header, and in mid-stream by a method that exists") {
  const auto classify = rabbitmq_protocol.classify;
  CHECK(classify({hello, {}, 5672, false}) == match::yes);
  CHECK(classify({"AMQP", {}, 5672, false}) == match::perhaps);
  const std::string version_1{"AMQP\x00\x01\x00\x00", 8};
  CHECK(classify({version_1, {}, 5672, false}) == match::no);
  CHECK(classify({{}, method(0, 10, 10), 5672, false}) == match::no);
  CHECK(classify({publish(1, "a", "k"), {}, 5672, true}) == match::yes);
  CHECK(classify({publish(1, "a", "k").substr(0, 9), {}, 5672, true}) == match::perhaps);
  CHECK(classify({{}, heartbeat, 5672, true}) == match::yes);
  CHECK(classify({content(1, 5), {}, 5672, true}) == match::yes);
  const std::string client_hello{"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11};
  CHECK(classify({client_hello, {}, 5671, true}) == match::no);
  std::mt19937 random{1};
  for (int i = 0; i < 1000; ++i) {
    std::string bytes;
    for (int k = 0; k < 64; ++k)
      bytes += static_cast<char>(random());
    CHECK(classify({bytes, {}, 5672, true}) == match::no);
    CHECK(classify({bytes, bytes, 5672, false}) == match::no);
  }
}
