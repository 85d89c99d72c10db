// SPDX-License-Identifier: Apache-2.0

// HTTP/2 of which not all was captured, and ends that talk nonsense or never finish.

#include "tests/container/l7/http2_frames.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace troupe;
using namespace troupe::l7;
using namespace troupe::l7::http2_frames;

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
