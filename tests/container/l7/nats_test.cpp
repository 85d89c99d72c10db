// SPDX-License-Identifier: Apache-2.0
#include "actors/container/l7/nats/nats.hpp"

#include "tests/container/l7/dialogue.hpp"

#include <doctest/doctest.h>

#include <random>
#include <string>
#include <vector>

using namespace troupe;
using namespace troupe::l7;

namespace {

using texts = std::vector<std::string>;

const std::string info =
    "INFO {\"server_id\":\"NBX\",\"version\":\"2.9.10\",\"max_payload\":1048576} \r\n";
const std::string quiet = "CONNECT {\"verbose\":false,\"pedantic\":false,\"lang\":\"go\"}\r\n";
const std::string verbose = "CONNECT {\"verbose\": true,\"lang\":\"c\"}\r\n";

std::string pub(const std::string& subject, const std::string& payload) {
  return "PUB " + subject + " " + std::to_string(payload.size()) + "\r\n" + payload + "\r\n";
}
std::string msg(const std::string& subject, const std::string& payload) {
  return "MSG " + subject + " 7 " + std::to_string(payload.size()) + "\r\n" + payload + "\r\n";
}

match classify(const std::string& from_client, const std::string& from_server,
               bool in_midstream = false) {
  return nats_protocol.classify({from_client, from_server, 4222, in_midstream});
}

} // namespace

TEST_CASE("nats: the server's first line is unmistakable") {
  CHECK(classify("", info) == match::yes);
  CHECK(classify(quiet, info) == match::yes);
  for (size_t n = 0; n < 16; ++n)
    CHECK(classify("", info.substr(0, n)) == match::perhaps);
  CHECK(classify("", "INFO {" + std::string(100, 'x')) == match::no);
  CHECK(classify("INFO\r\n", "$100\r\nredis_version:7") == match::no);
  CHECK(classify("PING\r\n", "") == match::no);
  CHECK(classify("GET / HTTP/1.1\r\n", "") == match::no);
  CHECK(classify({"\x16\x03\x01\x02\x00\x01", 6}, "") == match::no);
  std::mt19937 random{7};
  for (int i = 0; i < 10'000; ++i) {
    std::string bytes(64, '\0');
    for (auto& c : bytes)
      c = static_cast<char>(random());
    REQUIRE(classify("", bytes) == match::no);
    REQUIRE(classify(bytes, bytes, true) != match::yes);
  }
}

TEST_CASE("nats: in midstream a message tells, a ping does not") {
  CHECK(classify(pub("a", "b"), "", true) == match::yes);
  CHECK(classify("", msg("a.b", "hello"), true) == match::yes);
  CHECK(classify("of a payload\r\n" + pub("a", "b"), "", true) == match::yes);
  CHECK(classify("PING\r\n", "PONG\r\n", true) == match::perhaps);
  CHECK(classify("PING\r\n", "+PONG\r\n", true) == match::perhaps);
  CHECK(classify("x", "y", true) == match::no);
}

TEST_CASE("nats: what is published and what is delivered") {
  const std::vector<line> lines{
      server(info),
      client(quiet + "PING\r\n"),
      server("PONG\r\n"),
      client("SUB orders.* 7\r\n" + pub("orders.new", "PUB x 5\r\n")
             + "pub orders.old reply.to 0\r\n\r\n"),
      server(msg("orders.new", "hello") + "PING\r\n" + "MSG orders.old 7 reply.to 0\r\n\r\n"),
      client("PONG\r\nUNSUB 7 3\r\n"),
  };
  however_cut(nats_protocol, lines, [](const outcome& heard) {
    CHECK(heard.texts()
          == texts{"PUB orders.new -> 0 unknown", "PUB orders.old -> 0 unknown",
                   "MSG orders.new -> 0 ok", "MSG orders.old -> 0 ok"});
    CHECK(heard.lost_bytes() == 0);
  });
  dialogue x{nats_protocol};
  x.say(lines);
  const auto& sent = x.heard.exchanges[0];
  CHECK(sent.protocol == l7_protocol::nats);
  CHECK(sent.method == "produce");
  CHECK(sent.subject == "orders.new");
  CHECK(sent.request_bytes == pub("orders.new", "PUB x 5\r\n").size());
  CHECK(sent.started_ns == 4'000'000);
  CHECK(x.heard.exchanges[2].method == "consume");
  CHECK(x.heard.exchanges[2].response_bytes == msg("orders.new", "hello").size());
}

TEST_CASE("nats: headers are part of the payload, and may carry a trace context") {
  const std::string parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  const std::string headers = "NATS/1.0\r\nA: b\r\nTraceparent: " + parent + "\r\n\r\n";
  const auto sizes = std::to_string(headers.size()) + " " + std::to_string(headers.size() + 5);
  however_cut(nats_protocol,
              {server(info), client(quiet + "HPUB a " + sizes + "\r\n" + headers + "hello\r\n"),
               server("HMSG a 1 re.ply " + sizes + "\r\n" + headers + "hello\r\nPING\r\n")},
              [&](const outcome& heard) {
                CHECK(heard.texts() == texts{"PUB a -> 0 unknown", "MSG a -> 0 ok"});
                CHECK(heard.exchanges.at(0).traceparent == parent);
                CHECK(heard.exchanges.at(1).traceparent == parent);
                CHECK(heard.lost_bytes() == 0);
              });
}

TEST_CASE("nats: a client that asks for answers gets them in order") {
  const std::vector<line> lines{
      server(info),
      client(verbose),
      server("+OK\r\n"),
      client("SUB a 1\r\n" + pub("a", "1") + "PING\r\n" + pub("secret", "2") + pub("b", "3")),
      server("+OK\r\n+OK\r\n" + msg("a", "1")
             + "PONG\r\n-ERR 'Permissions Violation for Publish to "
               "\"secret\"'\r\n+OK\r\n"),
  };
  however_cut(nats_protocol, lines, [](const outcome& heard) {
    CHECK(heard.texts()
          == texts{"PUB a -> 0 ok", "MSG a -> 0 ok", "PUB secret -> 0 failed", "PUB b -> 0 ok"});
    CHECK(heard.lost_bytes() == 0);
    CHECK(heard.exchanges.at(2).detail == "'Permissions Violation for Publish to \"secret\"'");
  });
}

TEST_CASE("nats: a message that is complained of and taken is answered more than once") {
  // As nats-server 2.9.10 answers a client that is pedantic: twice as often where it read the line
  // in two pieces.
  const std::vector<line> lines{
      server(info),
      client("CONNECT {\"verbose\":true,\"pedantic\":true}\r\nSUB a 1\r\n" + pub("a", "abc")
             + pub("b..c", "hi") + pub("d", "") + "PING\r\n"),
      server("+OK\r\n+OK\r\n+OK\r\n" + msg("a", "abc")
             + "-ERR 'Invalid Publish Subject'\r\n+OK\r\n+OK\r\nPONG\r\n"),
      client(pub("f..g", "")),
      server("-ERR 'Invalid Publish Subject'\r\n-ERR 'Invalid Publish Subject'\r\n+OK\r\n"),
      client(pub("e", "")),
      server("-ERR 'Permissions Violation for Publish to \"e\"'\r\n"),
  };
  however_cut(nats_protocol, lines, [](const outcome& heard) {
    CHECK(heard.texts()
          == texts{"PUB a -> 0 ok", "MSG a -> 0 ok", "PUB b..c -> 0 failed", "PUB d -> 0 ok",
                   "PUB f..g -> 0 failed", "PUB e -> 0 failed"});
    CHECK(heard.lost_bytes() == 0);
  });
}

TEST_CASE("nats: who does not say otherwise is answered; who lost his answers is not guessed at") {
  dialogue x{nats_protocol};
  x.say({server(info), client("CONNECT {}\r\n" + pub("a", "1") + pub("b", "2")),
         server("+OK\r\n+OK\r\n")});
  x.lose(side::server, 5);
  x.say({client(pub("c", "3")), server("-ERR 'Stale Connection'\r\n")});
  x.close();
  CHECK(x.heard.texts()
        == texts{"PUB a -> 0 ok", "PUB b -> 0 unknown", "PUB c -> 0 unknown", "-ERR -> 0 failed"});
}

TEST_CASE("nats: an error that nobody waits for is told by itself") {
  dialogue x{nats_protocol};
  x.say({server(info), client(quiet + pub("secret", "x")),
         server("-ERR 'Permissions Violation for Publish to \"secret\"'\r\n")});
  CHECK(x.heard.texts() == texts{"PUB secret -> 0 unknown", "-ERR -> 0 failed"});
  CHECK(x.heard.exchanges[1].method == "produce");
}

TEST_CASE("nats: inboxes and acknowledgements are one operation each") {
  dialogue x{nats_protocol};
  x.say(
      {server(info), client(quiet + pub("_INBOX.x8Yq.1", "") + pub("$JS.ACK.S.C.1.2.3.4.0", "+ACK")
                            + pub(std::string(900, 's'), ""))});
  CHECK(x.heard.exchanges.at(0).operation == "PUB _INBOX.*");
  CHECK(x.heard.exchanges.at(0).subject == "_INBOX.x8Yq.1");
  CHECK(x.heard.exchanges.at(1).operation == "PUB $JS.ACK.*");
  CHECK(x.heard.exchanges.at(2).operation.size() == operation_bytes_max);
}

TEST_CASE("nats: of large payloads only the beginning was captured") {
  dialogue x{nats_protocol};
  x.say({server(info), client(quiet)});
  for (int i = 0; i < 3; ++i)
    x.say({client(pub("big", std::string(300'000, 'x'))),
           server(msg("big", std::string(70'000, 'y')))},
          32'768);
  x.close();
  CHECK(x.heard.exchanges.size() == 6);
  CHECK(x.heard.lost_bytes() == 0);
}

TEST_CASE("nats: after bytes were lost the next message that is one for sure is found") {
  dialogue x{nats_protocol};
  x.say({server(info), client(quiet + pub("a", "1"))});
  x.lose(side::client, 1000);
  x.say({client("rest of a payload\r\nPUB x 5\r\nno" + std::string("\r\n") + pub("b", "2")
                + pub("c", "3"))});
  x.close();
  CHECK(x.heard.texts() == texts{"PUB a -> 0 unknown", "PUB b -> 0 unknown", "PUB c -> 0 unknown"});
  CHECK(x.heard.lost[static_cast<size_t>(unparsed::not_captured)] == 32);
}

TEST_CASE("nats: attached in the midst of a payload") {
  dialogue x{nats_protocol};
  x.lose(side::client, 1000);
  x.lose(side::server, 1000);
  x.say({client("payload"), client(pub("a", "1")), server("+OK\r\n"), client(pub("b", "1"))});
  x.close();
  CHECK(x.heard.texts() == texts{"PUB a -> 0 unknown", "PUB b -> 0 unknown"});
}

TEST_CASE("nats: TLS after the server's first line is the end") {
  const auto talk = nats_protocol.converse();
  outcome heard;
  talk->take(side::server, {1, 0, info.size(), info}, heard);
  CHECK_FALSE(talk->is_over());
  const std::string hello{"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11};
  talk->take(side::client, {2, 0, hello.size(), hello}, heard);
  CHECK(talk->is_over());
}

TEST_CASE("nats: nonsense is out of sync") {
  for (const std::string nonsense : {"PUB a b c d 5\r\n", "PUB a 99999999999\r\n", "PUB a -1\r\n",
                                     "MSG a 1 5\r\n", "HPUB a 9 5\r\n", "HELLO\r\n", "\r\n"}) {
    dialogue x{nats_protocol};
    x.say({server(info), client(quiet), client(nonsense), client(pub("a", "1"))});
    x.close();
    CHECK(x.heard.texts() == texts{"PUB a -> 0 unknown"});
    CHECK(x.heard.lost[static_cast<size_t>(unparsed::out_of_sync)] == nonsense.size());
  }
}
