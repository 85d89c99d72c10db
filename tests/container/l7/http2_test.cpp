// SPDX-License-Identifier: Apache-2.0
#include "actors/container/l7/http2/frame.hpp"
#include "actors/container/l7/http2/header_decoder.hpp"
#include "actors/container/l7/http2/http2.hpp"
#include "tests/container/l7/dialogue.hpp"

#include <doctest/doctest.h>

#include <random>
#include <string>
#include <vector>

using namespace troupe;
using namespace troupe::l7;
using texts = std::vector<std::string>;

namespace {

const std::string preface{http2::preface};

// Frames, RFC 9113 section 4.1.
std::string frame(int type, int flags, uint32_t stream, const std::string& payload) {
  std::string x;
  for (int shift : {16, 8, 0})
    x += static_cast<char>(payload.size() >> static_cast<unsigned>(shift));
  x += static_cast<char>(type);
  x += static_cast<char>(flags);
  for (int shift : {24, 16, 8, 0})
    x += static_cast<char>(stream >> static_cast<unsigned>(shift));
  return x + payload;
}

constexpr int ends = 1;
constexpr int whole = 4;
std::string headers(uint32_t stream, const std::string& block, int flags = whole) {
  return frame(1, flags, stream, block);
}
std::string data(uint32_t stream, const std::string& bytes, int flags = 0) {
  return frame(0, flags, stream, bytes);
}
std::string reset(uint32_t stream, char error) {
  return frame(3, 0, stream, std::string{"\0\0\0", 3} + error);
}
std::string settings(const std::string& payload = {}) {
  return frame(4, 0, 0, payload);
}
const std::string settings_ack = frame(4, 1, 0, {});

// Fields, RFC 7541 section 6, without Huffman's code.
std::string text(const std::string& x) { // Of less than 127 bytes.
  return static_cast<char>(x.size()) + x;
}
std::string indexed(int index) {
  return {static_cast<char>(0x80 | index)};
}
std::string literal(const std::string& name, const std::string& value) {
  return std::string{"\0", 1} + text(name) + text(value);
}
std::string kept(const std::string& name, const std::string& value) {
  return "\x40" + text(name) + text(value);
}

const std::string get = indexed(2);
const std::string post = indexed(3);
const std::string status_200 = indexed(8);
const std::string status_404 = indexed(13);
const std::string status_500 = indexed(14);
std::string path(const std::string& x) {
  return literal(":path", x);
}
const std::string grpc_type = literal("content-type", "application/grpc+proto");
std::string call(const std::string& x) {
  return post + path(x) + grpc_type;
}

const line hello_client = client(preface + settings());
const line hello_server = server(settings() + settings_ack);

} // namespace

TEST_CASE("http2: one request after the other") {
  const std::vector<line> lines{
      hello_client,
      hello_server,
      client(settings_ack
             + headers(1, get + path("/cart?id=7") + literal(":authority", "shop"), whole | ends)),
      server(headers(1, status_200) + data(1, "hello", ends)),
      client(headers(3, post + path("/order")) + data(3, "one", 0) + data(3, "two", ends)),
      server(headers(3, status_500, whole | ends)),
      client(headers(5, get + path("/nope"), whole | ends)),
      server(headers(5, status_404, whole | ends))};
  however_cut(http2_protocol, lines, [](const outcome& x) {
    CHECK(x.texts()
          == texts{"GET /cart -> 200 ok", "POST /order -> 500 failed", "GET /nope -> 404 ok"});
    CHECK(x.lost_bytes() == 0);
    const auto& first = x.exchanges[0];
    CHECK(first.protocol == l7_protocol::http2);
    CHECK(first.detail == "shop/cart?id=7");
    CHECK(first.duration_ns == 1'000'000);
    CHECK(first.response_bytes == 9 + 1 + 9 + 5);
    CHECK(x.exchanges[1].request_bytes == headers(3, post + path("/order")).size() + 9 + 3 + 9 + 3);
  });
}

TEST_CASE("http2: a hundred requests at once, answered backwards") {
  std::string asked;
  std::string answered;
  for (uint32_t i = 0; i < 100; ++i) {
    asked += headers(2 * i + 1, get + path("/" + std::to_string(i)), whole | ends);
    answered = headers(2 * i + 1, i % 2 == 0 ? status_200 : status_500, whole | ends) + answered;
  }
  however_cut(http2_protocol, {hello_client, hello_server, client(asked), server(answered)},
              [](const outcome& x) {
                REQUIRE(x.exchanges.size() == 100);
                for (size_t i = 0; i < 100; ++i) {
                  const auto& told = x.exchanges[99 - i];
                  CHECK(told.operation == "GET /" + std::to_string(i));
                  CHECK(told.status == (i % 2 == 0 ? 200 : 500));
                }
                CHECK(x.lost_bytes() == 0);
              });
}

TEST_CASE("http2: fields of earlier blocks are referred to, in either direction") {
  const std::string parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  const std::vector<line> lines{
      hello_client,
      hello_server,
      client(headers(1, get + kept(":path", "/a") + kept("traceparent", parent), whole | ends)),
      server(headers(1, kept(":status", "201"), whole | ends)),
      client(headers(3, get + indexed(63) + indexed(62), whole | ends)),
      server(headers(3, indexed(62), whole | ends))};
  however_cut(http2_protocol, lines, [&](const outcome& x) {
    CHECK(x.texts() == texts{"GET /a -> 201 ok", "GET /a -> 201 ok"});
    CHECK(x.exchanges[1].traceparent == parent);
  });
}

TEST_CASE("http2: a header block in several frames, with padding and priority") {
  const std::string b3 = "80f198ee56343ba8-e457b5a2e4d86bd1-1";
  const auto block = get + path("/long") + literal("b3", b3);
  const auto begun = std::string{"\x03"} + std::string{"\0\0\0\0\x10", 5} + block.substr(0, 4)
                     + std::string(3, '\0');
  const std::vector<line> lines{
      hello_client, hello_server,
      client(frame(1, ends | 0x8 | 0x20, 1, begun) + frame(9, 0, 1, block.substr(4, 5))
             + frame(9, whole, 1, block.substr(9))),
      server(frame(1, whole | 0x8, 1, std::string{"\x02"} + status_200 + std::string(2, '\0'))
             + frame(0, ends | 0x8, 1, std::string{"\x01"} + "x" + std::string(1, '\0')))};
  however_cut(http2_protocol, lines, [&](const outcome& x) {
    CHECK(x.texts() == texts{"GET /long -> 200 ok"});
    CHECK(x.exchanges[0].traceparent == b3);
    CHECK(x.lost_bytes() == 0);
  });
}

TEST_CASE("http2: interim answers, trailers, what is pushed, and frames of no known type") {
  const std::vector<line> lines{
      hello_client,
      hello_server,
      client(headers(1, post + path("/a")) + frame(0xbe, 0xff, 9, "what")),
      server(headers(1, literal(":status", "103"))
             + frame(5, whole, 1, std::string{"\0\0\0\x02", 4} + get + kept(":path", "/style"))
             + headers(2, status_200, whole | ends)),
      client(data(1, "body") + headers(1, literal("checksum", "1"), whole | ends)),
      server(headers(1, status_200) + data(1, "x") + headers(1, indexed(62), whole | ends))};
  however_cut(http2_protocol, lines, [](const outcome& x) {
    CHECK(x.texts() == texts{"POST /a -> 200 ok"});
    CHECK(x.exchanges[0].duration_ns == 3'000'000);
    CHECK(x.lost_bytes() == 0);
  });
}

TEST_CASE("http2: gRPC has its status in trailers, or in an answer of trailers only") {
  const std::vector<line> lines{
      hello_client, hello_server,
      client(headers(1, call("/shop.Cart/Add")) + data(1, "request", ends)
             + headers(3, call("/shop.Cart/Drop")) + data(3, "request", ends)
             + headers(5, call("/shop.Cart/Old")) + data(5, "request", ends)),
      server(headers(1, status_200 + grpc_type) + data(1, "answer")
             + headers(1, literal("grpc-status", "0"), whole | ends)
             + headers(3, status_200 + grpc_type + literal("grpc-status", "12"), whole | ends)
             + headers(5, literal(":status", "503"), whole | ends))};
  however_cut(http2_protocol, lines, [](const outcome& x) {
    CHECK(x.texts()
          == texts{"/shop.Cart/Add -> 0 ok", "/shop.Cart/Drop -> 12 failed",
                   "/shop.Cart/Old -> 14 failed"});
    for (const auto& told : x.exchanges)
      CHECK(told.protocol == l7_protocol::grpc);
  });
}

TEST_CASE("http2: streams that are reset") {
  const std::vector<line> lines{
      hello_client, hello_server,
      client(headers(1, get + path("/a"), whole | ends) + headers(3, get + path("/b"), whole | ends)
             + headers(5, call("/s/c")) + headers(7, call("/s/d")) + headers(9, post + path("/e"))),
      server(reset(1, 2) + reset(5, 7) + headers(9, status_200) + data(9, "x") + reset(9, 0)),
      client(reset(3, 8) + reset(7, 8) + reset(9, 8))};
  however_cut(http2_protocol, lines, [](const outcome& x) {
    CHECK(x.texts()
          == texts{"GET /a -> 0 failed", "/s/c -> 14 failed", "POST /e -> 200 ok",
                   "GET /b -> 0 unknown", "/s/d -> 1 failed"});
    CHECK(x.lost_bytes() == 0);
  });
}

TEST_CASE("http2: a server that goes away says which requests it did not look at") {
  const std::vector<line> lines{hello_client, hello_server,
                                client(headers(1, get + path("/a"), whole | ends)
                                       + headers(3, get + path("/b"), whole | ends)),
                                server(frame(7, 0, 0, std::string{"\0\0\0\x01\0\0\0\0", 8})
                                       + headers(1, status_200, whole | ends))};
  however_cut(http2_protocol, lines, [](const outcome& x) {
    CHECK(x.texts() == texts{"GET /b -> 0 failed", "GET /a -> 200 ok"});
  });
}

TEST_CASE("http2: CONNECT, by itself and for another protocol") {
  const std::vector<line> lines{
      hello_client,
      hello_server,
      client(headers(1, literal(":method", "CONNECT") + literal(":authority", "db:5432"))),
      server(headers(1, status_200)),
      client(data(1, "any")),
      server(data(1, "thing", ends)),
      client(headers(3, literal(":method", "CONNECT") + literal(":protocol", "websocket")
                            + path("/chat"))),
      server(headers(3, status_500, whole | ends))};
  however_cut(http2_protocol, lines, [](const outcome& x) {
    CHECK(x.texts() == texts{"CONNECT db:5432 -> 200 ok", "CONNECT /chat -> 500 failed"});
    CHECK(x.lost_bytes() == 0);
  });
}

TEST_CASE("http2: after an upgrade stream 1 has its request already") {
  l7_exchange request;
  request.operation = "GET /old";
  const auto spoken = converse_http2_upgraded(request);
  outcome heard;
  const auto said = settings() + headers(1, status_200, whole | ends);
  spoken->take(side::client, {1, 500, preface.size(), preface}, heard);
  spoken->take(side::server, {2, 700, said.size(), said}, heard);
  spoken->close(heard);
  CHECK(heard.texts() == texts{"GET /old -> 200 ok"});
  CHECK(heard.lost_bytes() == 0);
}

TEST_CASE("http2: an answer that we hear of before its request waits for it") {
  const auto asked = headers(1, get + path("/cart"), whole | ends);
  const auto answered = headers(1, status_404) + data(1, "none", ends);
  dialogue x{http2_protocol};
  x.say({hello_client, hello_server, server(answered), client(asked)});
  x.say({server(headers(3, status_200, whole | ends))}, 3);
  x.say({client(headers(3, get + path("/bill"), whole | ends))});
  CHECK(x.heard.texts() == texts{"GET /cart -> 404 ok", "GET /bill -> 200 ok"});
  CHECK(x.heard.lost_bytes() == 0);

  // Nobody asked: what comes behind it is not held up for ever.
  const auto nonsense = headers(7, status_200, whole | ends);
  x.say({server(nonsense)});
  for (int i = 0; i < 200; ++i)
    x.say({client(settings_ack)});
  x.say({client(headers(9, get + path("/next"), whole | ends)),
         server(headers(9, status_200, whole | ends))});
  x.close();
  CHECK(x.heard.exchanges.size() == 3);
  CHECK(x.heard.lost_bytes() == nonsense.size());

  dialogue late{http2_protocol};
  late.say({hello_client, hello_server, server(answered)});
  late.close();
  CHECK(late.heard.exchanges.empty());
  CHECK(late.heard.lost_bytes() == answered.size());
}

TEST_CASE("http2: requests that nobody answers, and an answer that is cut") {
  dialogue x{http2_protocol};
  x.say({hello_client, hello_server,
         client(headers(1, get + path("/a"), whole | ends)
                + headers(3, get + path("/b"), whole | ends)),
         server(headers(3, status_200) + data(3, "begun"))});
  x.close();
  CHECK(x.heard.texts() == texts{"GET /b -> 200 unknown"});
  CHECK(x.heard.lost[static_cast<size_t>(unparsed::unanswered)]
        == headers(1, get + path("/a")).size());
}

TEST_CASE("http2: attached in mid-stream, what was said before is unknown, and all is counted") {
  // Entries 62 and 63 were sent before.
  const std::vector<line> lines{
      client(headers(101, get + indexed(62), whole | ends)
             + headers(103, get + kept(":path", "/new"), whole | ends)),
      server(headers(101, status_200, whole | ends) + headers(103, indexed(63), whole | ends)),
      client(headers(105, get + indexed(62), whole | ends)
             + headers(107, get + indexed(63), whole | ends)),
      server(headers(105, kept(":status", "503"), whole | ends)
             + headers(107, indexed(62), whole | ends) + headers(99, status_200, whole | ends))};
  however_cut(http2_protocol, lines, [](const outcome& x) {
    CHECK(x.texts()
          == texts{" -> 200 ok", "GET /new -> 0 unknown", "GET /new -> 503 failed",
                   " -> 503 failed"});
    CHECK(x.lost_bytes() == x.lost[static_cast<size_t>(unparsed::unanswered)]);
    CHECK(x.lost_bytes() == headers(99, status_200).size());
  });
}

TEST_CASE("http2: in mid-stream a POST may be gRPC, whose failures have status 200") {
  const std::vector<line> lines{
      client(headers(11, post + path("/s/a") + indexed(62)) + data(11, "x", ends)
             + headers(13, post + path("/form") + indexed(62)) + data(13, "x", ends)),
      server(headers(11, status_200 + indexed(62)) + data(11, "x")
             + headers(11, indexed(63), whole | ends) + headers(13, status_200 + indexed(64))
             + data(13, "x", ends))};
  however_cut(http2_protocol, lines, [](const outcome& x) {
    CHECK(x.texts() == texts{"POST /s/a -> 200 unknown", "POST /form -> 200 ok"});
  });
}

TEST_CASE("http2: a table that is larger than assumed in mid-stream") {
  const auto far = std::string{"\xff\xff\x02"}; // Entry 510, of which 4,096 bytes have no room.
  dialogue x{http2_protocol};
  uint32_t stream = 1;
  for (int i = 0; i < 3; ++i, stream += 2)
    x.say({client(headers(stream, get + path("/a") + far, whole | ends)),
           server(headers(stream, status_200, whole | ends))});
  x.close();
  CHECK(x.heard.texts() == texts{"GET /a -> 200 ok", "GET /a -> 200 ok", "GET /a -> 200 ok"});
}

TEST_CASE("http2: a big body is passed by its frames' headers") {
  dialogue x{http2_protocol};
  x.say({hello_client, hello_server, client(headers(1, post + path("/up")))});
  x.say_cut(client(data(1, std::string(16000, 'x'))), 9);
  x.say_cut(client(data(1, std::string(16000, 'x'), ends)), 20);
  x.say({server(headers(1, status_200, whole | ends)),
         client(headers(3, get + path("/next"), whole | ends)),
         server(headers(3, status_200, whole | ends))});
  x.close();
  CHECK(x.heard.texts() == texts{"POST /up -> 200 ok", "GET /next -> 200 ok"});
  CHECK(x.heard.lost_bytes() == 0);
  CHECK(x.heard.exchanges[0].request_bytes == headers(1, post + path("/up")).size() + 2 * 16009);
}

TEST_CASE("http2: bytes that were lost make fields unknown, and no answer is that of another") {
  dialogue x{http2_protocol};
  const auto asked = client(headers(1, get + kept(":path", "/a"), whole | ends));
  const auto again = [](uint32_t i) {
    return client(headers(i, get + indexed(62), whole | ends));
  };
  x.say({hello_client, hello_server, asked, server(headers(1, status_200, whole | ends)), again(3),
         server(headers(3, status_200) + data(3, std::string(100, 'x')))});
  SUBCASE("of the client") {
    x.lose(side::client, 40);
    x.say({server(data(3, "", ends)), again(7), server(headers(7, status_200, whole | ends))});
    x.close();
    CHECK(x.heard.texts() == texts{"GET /a -> 200 ok", "GET /a -> 200 ok", " -> 200 ok"});
  }
  SUBCASE("of the server: its status was said before") {
    x.lose(side::server, 4000);
    x.say({server("not a frame: the middle of something" + data(3, "rest", ends)), again(5),
           server(headers(5, indexed(62), whole | ends))});
    x.close();
    CHECK(x.heard.texts() == texts{"GET /a -> 200 ok", "GET /a -> 200 ok", "GET /a -> 0 unknown"});
    CHECK(x.heard.lost[static_cast<size_t>(unparsed::out_of_sync)] == 36);
  }
}

TEST_CASE("http2: a header block of which only the beginning was captured") {
  dialogue x{http2_protocol};
  const auto block = get + path("/seen") + kept("cookie", std::string(100, 'c')) + kept("x", "y");
  x.say({hello_client, hello_server});
  x.say_cut(client(headers(1, block, whole | ends)), 40);
  x.say({server(headers(1, status_200, whole | ends)),
         client(headers(3, get + path("/b") + indexed(62), whole | ends)),
         server(headers(3, status_200, whole | ends))});
  x.close();
  CHECK(x.heard.texts() == texts{"GET /seen -> 200 ok", "GET /b -> 200 ok"});
}

TEST_CASE("http2: who opens streams without end is bounded") {
  dialogue x{http2_protocol};
  x.say({hello_client, hello_server});
  for (uint32_t i = 0; i < 5000; ++i)
    x.say({client(headers(2 * i + 1, get + path("/a"), whole | ends))});
  CHECK(x.heard.lost[static_cast<size_t>(unparsed::unanswered)] > 0);
  x.close();
  CHECK(x.heard.exchanges.empty());
  CHECK(x.heard.lost_bytes() == 5000 * headers(1, get + path("/a")).size());
}

TEST_CASE("http2: what is not HPACK loses its block and no other stream") {
  const std::vector<line> lines{
      hello_client, hello_server,
      client(headers(1, get + path("/a") + indexed(0x7f) + std::string(20, '\xff'), whole | ends)
             + headers(3, get + path("/b"), whole | ends)),
      server(headers(3, status_200, whole | ends) + headers(1, status_200, whole | ends))};
  however_cut(http2_protocol, lines, [](const outcome& x) {
    CHECK(x.texts() == texts{"GET /b -> 200 ok", "GET /a -> 200 ok"});
  });
}

TEST_CASE("http2: who breaks off header blocks without end is counted all the same") {
  dialogue x{http2_protocol};
  x.say({hello_client, hello_server});
  for (uint32_t i = 0; i < 3000; ++i)
    x.say({client(frame(9, whole, 2 * i + 1, get)
                  + headers(2 * i + 1, get + path("/a") + indexed(62), whole | ends)),
           server(headers(2 * i + 1, status_200, whole | ends))});
  x.close();
  REQUIRE(x.heard.exchanges.size() == 3000);
  for (const auto& told : x.heard.exchanges)
    CHECK(told.operation == "GET /a");
}

TEST_CASE("http2: recognised by the preface, and by nothing else at a beginning") {
  const auto classify = http2_protocol.classify;
  CHECK(classify({preface + settings(), {}, 80, false}) == match::yes);
  CHECK(classify({"PRI * HT", {}, 80, false}) == match::perhaps);
  CHECK(classify({{}, settings(), 80, false}) == match::perhaps);
  CHECK(classify({{}, settings_ack, 80, false}) == match::no);
  CHECK(classify({"GET / HTTP/1.1\r\n", {}, 80, false}) == match::no);
  CHECK(classify({headers(1, get), settings(), 80, false}) == match::no);
  CHECK(classify({{}, "HTTP/1.1 200 OK\r\n", 80, false}) == match::no);
}

TEST_CASE("http2: recognised in mid-stream by two frames in a row") {
  const auto classify = http2_protocol.classify;
  const auto asked = headers(9, get, whole | ends);
  const auto answered = headers(9, status_200) + data(9, "x", ends);
  CHECK(classify({asked, answered, 80, true}) == match::yes);
  CHECK(classify({asked, {}, 80, true}) == match::perhaps);
  CHECK(classify({"in the midst of a long body", answered, 80, true}) == match::yes);
  CHECK(classify({"in the midst of a long body", asked, 80, true}) == match::perhaps);
  CHECK(classify({asked, headers(9, status_200, whole | ends), 80, true}) == match::perhaps);
  const std::string client_hello{"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11};
  const std::string server_hello{"\x16\x03\x03\x00\x7a\x02\x00\x00\x76\x03\x03", 11};
  CHECK(classify({client_hello, server_hello, 443, true}) == match::no);
  CHECK(classify({client_hello, {}, 443, false}) == match::no);
  std::mt19937 random{1};
  for (int i = 0; i < 1000; ++i) {
    std::string bytes;
    for (int k = 0; k < 64; ++k)
      bytes += static_cast<char>(random());
    CHECK(classify({bytes, {}, 80, true}) == match::no);
    CHECK(classify({bytes, {}, 80, false}) == match::no);
    CHECK(classify({{}, bytes, 80, false}) == match::no);
  }
}

TEST_CASE("http2: B3 in several fields is put together, and what only looks like it is not shown") {
  const auto trace_of = [](const std::string& fields) {
    dialogue x{http2_protocol};
    x.say({hello_client, hello_server, client(headers(1, get + path("/") + fields, whole | ends)),
           server(headers(1, status_200, whole | ends))});
    return x.heard.exchanges.at(0).traceparent;
  };
  const std::string trace = "80f198ee56343ba8";
  const std::string span = "e457b5a2e4d86bd1";
  CHECK(trace_of(literal("x-b3-traceid", trace) + literal("x-b3-spanid", span)
                 + literal("x-b3-sampled", "1"))
        == trace + "-" + span + "-1");
  CHECK(trace_of(literal("traceparent", "00-zz\x1b[2J")).empty());
  CHECK(trace_of(literal("b3", std::string(100, 'a'))).empty());
  CHECK(trace_of("").empty());
}
