// SPDX-License-Identifier: Apache-2.0
#include "tests/container/l7/http2_frames.hpp"

#include <doctest/doctest.h>

#include <random>
#include <string>
#include <vector>

using namespace troupe;
using namespace troupe::l7;
using namespace troupe::l7::http2_frames;

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
