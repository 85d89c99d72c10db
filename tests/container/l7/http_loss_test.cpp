// SPDX-License-Identifier: Apache-2.0

// HTTP of which not all was captured: large messages, lost chunks, a late start.

#include "tests/container/l7/http_lines.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

using namespace troupe;
using namespace troupe::l7;
using namespace troupe::l7::http_lines;

TEST_CASE("http: of large bodies only the beginning of each chunk was captured") {
  const std::string body(300'000, 'x');
  dialogue x{http_protocol};
  for (int i = 0; i < 3; ++i)
    x.say({client("POST /up HTTP/1.1\r\nContent-Length: 300000\r\n\r\n" + body),
           server(counted(200, body))},
          100'000);
  x.close();
  CHECK(x.heard.texts() == texts{"POST /up -> 200 ok", "POST /up -> 200 ok", "POST /up -> 200 ok"});
  CHECK(x.heard.lost_bytes() == 0);
  CHECK(x.heard.exchanges[2].request_bytes == 300'000 + 45);
  CHECK(x.heard.exchanges[2].response_bytes == counted(200, body).size());
}

TEST_CASE("http: a head that is larger than what is captured is known by its first line") {
  dialogue x{http_protocol};
  const std::string cookies = "Cookie: " + std::string(20'000, 'c') + "\r\n";
  const std::string policy(20'000, 'p');
  for (int i = 0; i < 3; ++i)
    x.say({client(get("/" + std::to_string(i), cookies)),
           server("HTTP/1.1 50" + std::to_string(i) + " Reason\r\nContent-Security-Policy: "
                  + policy + "\r\nContent-Length: 10\r\n\r\n0123456789"),
           server("more of it")});
  x.close();
  CHECK(x.heard.texts()
        == texts{"GET /0 -> 500 failed", "GET /1 -> 501 failed", "GET /2 -> 502 failed"});
  CHECK(x.heard.exchanges[0].request_bytes == get("/0", cookies).size());
  CHECK(x.heard.lost[static_cast<size_t>(unparsed::not_captured)] == x.heard.lost_bytes());
}

TEST_CASE("http: a large head is read whole where it comes in small pieces") {
  const std::string cookies = "Cookie: " + std::string(9000, 'c') + "\r\n";
  for (const size_t size : {1, 100, 1000}) {
    dialogue x{http_protocol};
    x.say({client(get("/a", cookies) + get("/b")), server(counted(200, "a")),
           server(counted(200, "b"))},
          size);
    x.close();
    CHECK(x.heard.texts() == texts{"GET /a -> 200 ok", "GET /b -> 200 ok"});
    CHECK(x.heard.lost_bytes() == 0);
  }
}

TEST_CASE("http: a chunked body whose chunks were not captured ends where the next answer begins") {
  dialogue x{http_protocol};
  std::string body;
  for (int i = 0; i < 10; ++i)
    body += "2000\r\n" + std::string(0x2000, 'x') + "\r\n";
  for (int i = 0; i < 3; ++i)
    x.say({client(get("/" + std::to_string(i))),
           server("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + body),
           server(body + "0\r\n\r\n")});
  CHECK(x.heard.texts() == texts{"GET /0 -> 200 ok", "GET /1 -> 200 ok", "GET /2 -> 200 ok"});
}

TEST_CASE("http: attached in the midst of a body") {
  dialogue x{http_protocol};
  x.lose(side::client, 1000);
  x.lose(side::server, 5000);
  x.say({server("rest of a body"), client(get("/first")), server(counted(200, "x"))});
  x.close();
  CHECK(x.heard.texts() == texts{"GET /first -> 200 ok"});
  CHECK(x.heard.lost_bytes() == 14);
}

TEST_CASE("http: attached between a request and its answer") {
  dialogue x{http_protocol};
  x.lose(side::client, 1000);
  x.lose(side::server, 5000);
  x.say(
      {server(counted(500, "of somebody else")), client(get("/first")), server(counted(200, "x"))});
  x.close();
  CHECK(x.heard.texts() == texts{"GET /first -> 200 ok"});
  CHECK(x.heard.lost[static_cast<size_t>(unparsed::unanswered)] > 0);
}

TEST_CASE("http: an answer that was heard of before its request") {
  dialogue x{http_protocol};
  x.say({server(counted(200, "early")), client(get("/1")), client(get("/2")),
         server(counted(404, ""))});
  x.say(
      {server("HTTP/1.1 500 no\r\nContent-Length: 4\r\n\r\n"), server("late"), client(get("/3"))});
  x.close();
  CHECK(x.heard.texts() == texts{"GET /1 -> 200 ok", "GET /2 -> 404 ok", "GET /3 -> 500 failed"});
  CHECK(x.heard.lost_bytes() == 0);
}

TEST_CASE("http: a lost answer leaves its request without one, and no other answers it") {
  dialogue x{http_protocol};
  x.say({client(get("/1")), server(counted(200, "")), client(get("/2"))});
  x.lose(side::server, 100);
  x.say({client(get("/3")), server(counted(500, "")), client(get("/4")), server(counted(201, ""))});
  x.close();
  CHECK(x.heard.texts()
        == texts{"GET /1 -> 200 ok", "GET /2 -> 0 unknown", "GET /3 -> 500 failed",
                 "GET /4 -> 201 ok"});
}

TEST_CASE("http: a lost request takes no other's answer") {
  dialogue x{http_protocol};
  x.say({client(get("/1")), server(counted(200, ""))});
  x.lose(side::client, 77);
  x.say({server(counted(500, "")), client(get("/3")), server(counted(201, ""))});
  x.close();
  CHECK(x.heard.texts() == texts{"GET /1 -> 200 ok", "GET /3 -> 201 ok"});
  CHECK(x.heard.lost[static_cast<size_t>(unparsed::unanswered)] == counted(500, "").size());
}

TEST_CASE("http: both sides lost much, as when a buffer was full") {
  dialogue x{http_protocol};
  x.say({client(get("/1"))});
  x.lose(side::client, 770);
  x.lose(side::server, 999);
  x.say(
      {client(get("/9")), server(counted(500, "")), client(get("/10")), server(counted(200, ""))});
  x.close();
  CHECK(x.heard.texts()
        == texts{"GET /1 -> 0 unknown", "GET /9 -> 500 failed", "GET /10 -> 200 ok"});
}

TEST_CASE("http: pipelined answers of which one was lost answer nobody") {
  dialogue x{http_protocol};
  x.say({client(get("/1") + get("/2") + get("/3")), server(counted(200, ""))});
  x.lose(side::server, 50);
  x.say({server(counted(500, ""))});
  CHECK(x.heard.texts() == texts{"GET /1 -> 200 ok", "GET /2 -> 0 unknown", "GET /3 -> 0 unknown"});
  x.say({client(get("/4") + get("/5")), server(counted(201, "") + counted(202, ""))});
  x.close();
  CHECK(std::count_if(x.heard.exchanges.begin(), x.heard.exchanges.end(),
                      [](const auto& e) { return e.outcome == l7_outcome::failed; })
        == 0);
  CHECK(x.heard.exchanges.size() == 5);
}

TEST_CASE("http: more pipelined requests than are captured: the others' answers answer nobody") {
  std::string requests;
  std::string answers;
  for (int i = 0; i < 600; ++i) {
    requests += get("/" + std::to_string(i));
    answers += counted(200 + i, "");
  }
  dialogue x{http_protocol};
  for (int round = 0; round < 3; ++round)
    x.say({client(requests), server(answers)});
  x.close();
  for (const auto& e : x.heard.exchanges)
    if (e.outcome != l7_outcome::unknown)
      CHECK(e.operation == "GET /" + std::to_string(e.status - 200));
  CHECK(x.heard.exchanges.size() >= 3 * 25);
  CHECK(x.heard.lost_bytes() > 0);
}

TEST_CASE("http: more requests than we wait for are told without an answer") {
  dialogue x{http_protocol};
  for (int i = 0; i < 1500; ++i)
    x.say({client(get("/" + std::to_string(i)))});
  CHECK(x.heard.exchanges.size() == 1500 - 1024);
  for (int i = 0; i < 1500; ++i)
    x.say({server(counted(200, ""))});
  x.close();
  REQUIRE(x.heard.exchanges.size() == 1500);
  CHECK(x.heard.texts()[475] == "GET /1499 -> 0 unknown");
  CHECK(x.heard.texts()[476] == "GET /0 -> 200 ok");
  CHECK(x.heard.texts()[1499] == "GET /1023 -> 200 ok");
}

TEST_CASE("http: requests without an answer are told at the end") {
  dialogue x{http_protocol};
  x.say({client(get("/1") + get("/2"))});
  x.close();
  CHECK(x.heard.exchanges.empty());
  CHECK(x.heard.lost[static_cast<size_t>(unparsed::unanswered)] == 2 * get("/1").size());
}

TEST_CASE("http: nonsense between two requests is out of sync until the next one") {
  dialogue x{http_protocol};
  x.say({client(get("/1")), server(counted(200, "")), client("what?"), client(get("/2")),
         server(counted(200, "")), server("??"), client(get("/3")), server(counted(200, ""))});
  x.close();
  CHECK(x.heard.texts() == texts{"GET /1 -> 200 ok", "GET /2 -> 200 ok", "GET /3 -> 200 ok"});
  CHECK(x.heard.lost[static_cast<size_t>(unparsed::out_of_sync)] == 7);
}
