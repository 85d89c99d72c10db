// SPDX-License-Identifier: Apache-2.0
#include "tests/container/l7/http_lines.hpp"

#include <doctest/doctest.h>

#include <random>
#include <string>
#include <vector>

using namespace troupe;
using namespace troupe::l7;
using namespace troupe::l7::http_lines;

namespace {

match classify(const std::string& from_client, const std::string& from_server = {},
               bool in_midstream = false) {
  return http_protocol.classify({from_client, from_server, 0, in_midstream});
}

void check_texts(const std::vector<line>& lines, const texts& expected) {
  however_cut(http_protocol, lines, [&](const outcome& heard) {
    CHECK(heard.texts() == expected);
    CHECK(heard.lost_bytes() == 0);
  });
}

} // namespace

TEST_CASE("http: a request line or a status line is unmistakable, nothing else is taken for one") {
  CHECK(classify("GET / HTTP/1.1\r\n") == match::yes);
  CHECK(classify("M-SEARCH * HTTP/1.1\r\n") == match::yes);
  CHECK(classify("CONNECT db:5432 HTTP/1.0\r\n") == match::yes);
  CHECK(classify("CONNECT [::1]:443 HTTP/1.1\r\n") == match::yes);
  for (const std::string whole = "GET /a?b=c HTTP/1."; const size_t n : {0, 1, 3, 4, 5, 9, 17, 18})
    CHECK(classify(whole.substr(0, n)) == match::perhaps);
  CHECK(classify("GET /" + std::string(600, 'x')) == match::perhaps);
  CHECK(classify("GET /" + std::string(600, 'x'), "HTTP/1.1 200 OK\r\n") == match::yes);
  CHECK(classify("GET / HTTP/1.1\r\n", "SSH-2.0-x") == match::yes); // The answer is its own affair.

  CHECK(classify("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n") == match::no);
  CHECK(classify("DESCRIBE rtsp://camera/1 RTSP/1.0\r\n") == match::no);
  CHECK(classify("INVITE sip:bob@example SIP/2.0\r\n") == match::no);
  CHECK(classify("SUB orders 1\r\n") == match::no);
  CHECK(classify("CONNECT {\"verbose\":false}\r\n") == match::no);
  CHECK(classify("EHLO mail.example\r\n") == match::no);
  CHECK(classify("*1\r\n$4\r\nPING\r\n") == match::no);
  CHECK(classify("GET /\r\n") == match::no); // HTTP/0.9.
  CHECK(classify({"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11}) == match::no);
  CHECK(classify("", "SSH-2.0-OpenSSH_9.2\r\n") == match::no);
  CHECK(classify("", {"\x16\x03\x03\x00\x7a\x02", 6}) == match::no);
  CHECK(classify("", "HTTP/1.1 x00 OK\r\n") == match::no);
  CHECK(classify("", "HTTP/1.1 2000 OK\r\n") == match::no);
}

TEST_CASE("http: random bytes are nothing") {
  std::mt19937 random{7};
  for (int i = 0; i < 10'000; ++i) {
    std::string bytes(64, '\0');
    for (auto& c : bytes)
      c = static_cast<char>(random());
    REQUIRE(classify(bytes) != match::yes);
    REQUIRE(classify(bytes, bytes, true) == match::no);
  }
}

TEST_CASE("http: in midstream one side may be in a body") {
  CHECK(classify("x=1&y=2", "", true) == match::perhaps);
  CHECK(classify("x=1&y=2", "HTTP/1.1 200 OK\r\n", true) == match::yes);
  CHECK(classify("GET / HTTP/1.1\r\n", "<html>", true) == match::yes);
  CHECK(classify("x=1&y=2", "<html>", true) == match::no);
}

TEST_CASE("http: one request after the other on one connection") {
  const std::vector<line> lines{
      client(get("/cart?id=7&x=a%20b")),
      server(counted(200, "hello")),
      client(
          "POST /orders HTTP/1.1\r\nhost:shop.example\r\nContent-Length: 11\r\n\r\n{\"item\":42}"),
      server(counted(404, "")),
      client("\r\nDELETE /orders/1#top HTTP/1.1\r\nHost: shop.example\r\n\r\n"),
      server(counted(503, "no")),
      client("OPTIONS * HTTP/1.1\r\nHost: shop.example\r\n\r\n"),
      server("HTTP/1.1 204 No Content\r\n\r\n"),
  };
  check_texts(lines, {"GET /cart -> 200 ok", "POST /orders -> 404 ok",
                      "DELETE /orders/1 -> 503 failed", "OPTIONS * -> 204 ok"});
  dialogue x{http_protocol};
  x.say(lines);
  const auto& first = x.heard.exchanges[0];
  CHECK(first.protocol == l7_protocol::http);
  CHECK(first.detail == "shop.example/cart?id=7&x=a%20b");
  CHECK(first.started_ns == 1'000'000);
  CHECK(first.duration_ns == 1'000'000);
  CHECK(first.request_bytes == lines[0].bytes.size());
  CHECK(first.response_bytes == lines[1].bytes.size());
  const auto& second = x.heard.exchanges[1];
  CHECK(second.detail == "shop.example/orders");
  CHECK(second.request_bytes == lines[2].bytes.size());
  CHECK(x.heard.exchanges[3].detail == "shop.example");
}

TEST_CASE("http: pipelined requests are answered in their order") {
  check_texts({client(get("/1") + "PUT /2 HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc" + get("/3")),
               server(counted(200, "one") + counted(500, "two") + counted(201, "three")),
               client(get("/4") + get("/5")), server(counted(200, "")), server(counted(404, "-"))},
              {"GET /1 -> 200 ok", "PUT /2 -> 500 failed", "GET /3 -> 201 ok", "GET /4 -> 200 ok",
               "GET /5 -> 404 ok"});
}

TEST_CASE("http: chunked bodies in both directions, with extensions and trailers") {
  const std::vector<line> lines{
      client("POST /up HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
             "5\r\nhello\r\nA;name=value\r\n0123456789\r\n0\r\n\r\n"),
      server("HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, Chunked\r\nTrailer: ETag\r\n\r\n"
             "1a\r\nabcdefghijklmnopqrstuvwxyz\r\n000\r\nETag: x\r\nX: HTTP/1.1 500 no\r\n\r\n"),
      client(get("/next")),
      server(counted(200, "x")),
  };
  check_texts(lines, {"POST /up -> 200 ok", "GET /next -> 200 ok"});
  dialogue x{http_protocol};
  x.say(lines, 5);
  CHECK(x.heard.exchanges[0].request_bytes == lines[0].bytes.size());
  CHECK(x.heard.exchanges[0].response_bytes == lines[1].bytes.size());
}

TEST_CASE("http: answers without a body, whatever their headers say") {
  check_texts({client("HEAD /big HTTP/1.1\r\n\r\n"),
               server("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n"), client(get("/cached")),
               server("HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n"),
               client(get("/none")),
               server("HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n"),
               client(get("/last")), server(counted(200, "x"))},
              {"HEAD /big -> 200 ok", "GET /cached -> 304 ok", "GET /none -> 204 ok",
               "GET /last -> 200 ok"});
}

TEST_CASE("http: interim answers are none") {
  const std::vector<line> lines{
      client("PUT /file HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n"),
      server("HTTP/1.1 100 Continue\r\n\r\n"),
      client("hello"),
      server("HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n"),
      server("HTTP/1.1 102 Processing\r\n\r\n" + counted(201, "made")),
      client("PUT /file HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\nhello"),
      server("HTTP/1.1 100 Continue\r\n\r\n" + counted(200, "")),
      client(get("/after")),
      server(counted(200, "")),
  };
  check_texts(lines, {"PUT /file -> 201 ok", "PUT /file -> 200 ok", "GET /after -> 200 ok"});
  dialogue x{http_protocol};
  x.say(lines);
  CHECK(x.heard.exchanges[0].request_bytes == lines[0].bytes.size() + 5);
  CHECK(x.heard.exchanges[0].duration_ns == 4'000'000); // Until the answer, not the first interim.
}

TEST_CASE("http: a body that was announced and refused is left out, or sent all the same") {
  const std::string announced =
      "PUT /file HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 300\r\n\r\n";
  check_texts({client(announced), server(counted(413, "no")), client(get("/else")),
               server(counted(200, ""))},
              {"PUT /file -> 413 ok", "GET /else -> 200 ok"});
  check_texts({client(announced), server(counted(413, "no")), client(std::string(300, 'x')),
               client(get("/else")), server(counted(200, ""))},
              {"PUT /file -> 413 ok", "GET /else -> 200 ok"});
  const std::string chunked =
      "PUT /file HTTP/1.1\r\nExpect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n";
  check_texts({client(chunked), server("HTTP/1.1 100 Continue\r\n\r\n"),
               client("3\r\nabc\r\n0\r\n\r\n"), server(counted(200, "")), client(get("/else")),
               server(counted(200, ""))},
              {"PUT /file -> 200 ok", "GET /else -> 200 ok"});
}

TEST_CASE("http: a body that ends with the connection") {
  const std::vector<line> lines{client("GET /old HTTP/1.0\r\n\r\n"),
                                server("HTTP/1.0 200 OK\r\n\r\n<html>"),
                                server(std::string(5000, 'x') + "HTTP/1.1 500 no\r\n\r\n")};
  check_texts(lines, {"GET /old -> 200 ok"});
  dialogue x{http_protocol};
  x.say(lines);
  CHECK(x.heard.exchanges.empty());
  x.close();
  CHECK(x.heard.exchanges.at(0).response_bytes == lines[1].bytes.size() + lines[2].bytes.size());
}

TEST_CASE("http: who follows events for days is told of after ten seconds, once") {
  dialogue x{http_protocol};
  x.say({client(get("/events")),
         server("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\ndata:\r\n")});
  for (int i = 0; i < 9999; ++i)
    x.say({server("5\r\ndata:\r\n")});
  CHECK(x.heard.exchanges.empty());
  x.say({server("5\r\ndata:\r\n"), server("5\r\ndata:\r\n")});
  CHECK(x.heard.texts() == texts{"GET /events -> 200 ok"});
  x.say({server("0\r\n\r\n"), client(get("/next")), server(counted(200, ""))});
  x.close();
  CHECK(x.heard.texts() == texts{"GET /events -> 200 ok", "GET /next -> 200 ok"});
  CHECK(x.heard.lost_bytes() == 0);
}

TEST_CASE("http: behind CONNECT is a tunnel, if the proxy lets one through") {
  const std::string connect = "CONNECT db.example:5432 HTTP/1.1\r\nHost: db.example:5432\r\n\r\n";
  check_texts({client(connect), server(counted(407, "who?")), client(connect),
               server("HTTP/1.1 200 Connection established\r\n\r\n"), client(get("/not-for-us")),
               server(counted(500, "x"))},
              {"CONNECT db.example:5432 -> 407 ok", "CONNECT db.example:5432 -> 200 ok"});
}

TEST_CASE("http: nobody captures what is behind CONNECT or in a WebSocket; HTTP/2 goes on") {
  const auto is_over_after = [](const std::string& request, const std::string& answer) {
    const auto talk = http_protocol.converse();
    outcome heard;
    talk->take(side::client, {1, 0, request.size(), request}, heard);
    CHECK_FALSE(talk->is_over());
    talk->take(side::server, {2, 0, answer.size(), answer}, heard);
    return talk->is_over();
  };
  CHECK(is_over_after("CONNECT h:443 HTTP/1.1\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n"));
  CHECK(is_over_after(get("/"), "HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\n\r\n"));
  CHECK_FALSE(is_over_after(get("/"), "HTTP/1.1 101 Switching\r\nUpgrade: h2c\r\n\r\n"));
  CHECK_FALSE(is_over_after(get("/"), counted(200, "")));
}

TEST_CASE("http: an upgrade is one request, refused or not") {
  const std::string upgrade = get("/chat", "Connection: Upgrade\r\nUpgrade: websocket\r\n");
  check_texts(
      {client(upgrade), server(counted(426, "no")), client(upgrade),
       server("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n\x81\x05hello"),
       client("GET /frame HTTP/1.1\r\n\r\n"), server("HTTP/1.1 500 x\r\n\r\n")},
      {"GET /chat -> 426 ok", "GET /chat -> 101 ok"});
}

TEST_CASE("http: an upgrade to HTTP/2 is answered there, and goes on") {
  const std::string upgrade =
      get("/first", "Connection: Upgrade\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n");
  const std::string agreed = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n";
  const std::string preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
  const std::string settings{"\0\0\0\4\0\0\0\0\0", 9};
  const std::string answer{"\0\0\1\1\5\0\0\0\1\x8d", 10};        // 404
  const std::string ask{"\0\0\7\1\5\0\0\0\3\x82\x04\4/two", 16}; // GET
  const std::string fail{"\0\0\1\1\5\0\0\0\3\x8e", 10};          // 500
  const std::vector<line> lines{client(upgrade),
                                server(agreed + settings),
                                client(preface + settings),
                                server(answer),
                                client(ask),
                                server(fail)};
  however_cut(http_protocol, lines, [&](const outcome& heard) {
    CHECK(heard.texts() == texts{"GET /first -> 404 ok", "GET /two -> 500 failed"});
    for (const auto& x : heard.exchanges)
      CHECK(x.protocol == l7_protocol::http2);
    CHECK(heard.lost_bytes() == 0);
  });
  however_cut(http_protocol, {client(upgrade), server(agreed)}, [&](const outcome& heard) {
    CHECK(heard.texts().empty()); // Nobody answered.
    CHECK(heard.lost_bytes() == upgrade.size());
  });
}

TEST_CASE("http: targets with a scheme, a user, no path, and odd ones") {
  const auto exchange_of = [](const std::string& request) {
    dialogue x{http_protocol};
    x.say({client(request), server(counted(200, ""))});
    return x.heard.exchanges.at(0);
  };
  auto x =
      exchange_of("GET http://user:secret@other.example:81/a/b?c=d HTTP/1.1\r\nHost: y\r\n\r\n");
  CHECK(x.operation == "GET /a/b");
  CHECK(x.detail == "other.example:81/a/b?c=d");
  x = exchange_of("GET http://other.example?c=/d HTTP/1.1\r\n\r\n");
  CHECK(x.operation == "GET /");
  CHECK(x.detail == "other.example");
  x = exchange_of("GET /go?to=http://x/ HTTP/1.1\nHost: bare\n\n");
  CHECK(x.operation == "GET /go");
  CHECK(x.detail == "bare/go?to=http://x/");
  x = exchange_of(get("/" + std::string(600, 'x') + "?" + std::string(2000, 'y')).substr(0, 2000)
                  + " HTTP/1.1\r\nHost: " + std::string(900, 'h') + "\r\n\r\n");
  CHECK(x.operation.size() == operation_bytes_max);
  CHECK(x.detail.size() <= detail_bytes_max);
}

TEST_CASE("http: trace contexts of both kinds, and what only looks like one") {
  const auto trace_of = [](const std::string& headers) {
    dialogue x{http_protocol};
    x.say({client(get("/", headers)), server(counted(200, ""))});
    return x.heard.exchanges.at(0).traceparent;
  };
  const std::string parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  const std::string b3 = "80f198ee56343ba864fe8b2a57d3eff7-e457b5a2e4d86bd1-1";
  CHECK(trace_of("TraceParent:\t" + parent + " \r\nb3: " + b3 + "\r\n") == parent);
  CHECK(trace_of("B3: " + b3 + "\r\n") == b3);
  CHECK(trace_of("X-B3-TraceId: 80f198ee56343ba8\r\nX-B3-SpanId: e457b5a2e4d86bd1\r\n")
        == "80f198ee56343ba8-e457b5a2e4d86bd1");
  CHECK(trace_of("X-B3-TraceId: 80f198ee56343ba8\r\n") == "80f198ee56343ba8");
  CHECK(trace_of("traceparent: \x1b[2J\r\n").empty());
  CHECK(trace_of("traceparent: " + std::string(200, 'a') + "\r\n").empty());
  CHECK(trace_of("").empty());
}

TEST_CASE("http: lengths that contradict each other are not believed") {
  for (const auto* const lengths :
       {"Content-Length: 5\r\nContent-Length: 6\r\n", "Content-Length: +5\r\n",
        "Content-Length: 99999999999999999999\r\n"}) {
    dialogue x{http_protocol};
    x.say({client("POST /1 HTTP/1.1\r\n" + std::string{lengths} + "\r\nhello"),
           server(counted(400, "")), client(get("/2")), server(counted(200, ""))});
    x.close();
    CHECK(x.heard.texts() == texts{"POST /1 -> 400 ok", "GET /2 -> 200 ok"});
  }
  // A length beside a chunked body does not count.
  check_texts(
      {client("POST /1 HTTP/1.1\r\nContent-Length: 500\r\nTransfer-Encoding: chunked\r\n\r\n"
              "1\r\nx\r\n0\r\n\r\n"),
       server(counted(200, "")), client(get("/2")), server(counted(200, ""))},
      {"POST /1 -> 200 ok", "GET /2 -> 200 ok"});
}
