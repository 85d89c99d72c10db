// SPDX-License-Identifier: Apache-2.0
#include "actors/container/l7/memcached/memcached.hpp"

#include "tests/container/l7/byte_order.hpp"
#include "tests/container/l7/dialogue.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace troupe;
using namespace troupe::l7;
using namespace std::string_literals;

namespace {

using texts = std::vector<std::string>;

std::string binary(char magic, int opcode, int status, uint32_t opaque, const std::string& extras,
                   const std::string& key, const std::string& value) {
  return magic + std::string(1, static_cast<char>(opcode)) + big_endian(key.size(), 2)
         + big_endian(extras.size(), 1) + "\0"s + big_endian(static_cast<uint64_t>(status), 2)
         + big_endian(extras.size() + key.size() + value.size(), 4) + big_endian(opaque, 4)
         + std::string(8, '\0') + extras + key + value;
}
std::string ask(int opcode, uint32_t opaque = 0, const std::string& key = "",
                const std::string& value = "") {
  return binary('\x80', opcode, 0, opaque, value.empty() ? "" : std::string(8, '\0'), key, value);
}
std::string answer(int opcode, int status, uint32_t opaque = 0, const std::string& key = "",
                   const std::string& value = "") {
  return binary('\x81', opcode, status, opaque, "", key, value);
}

match classify(std::string_view from_client, std::string_view from_server,
               bool in_midstream = false) {
  return memcached_protocol.classify({from_client, from_server, 11211, in_midstream});
}

} // namespace

TEST_CASE("memcached: commands and their answers, however they are cut") {
  const std::vector<line> lines{
      client("set k 0 0 5\r\nhe\r\nl\r\n"),
      server("STORED\r\n"),
      client("get k\r\n"),
      server("VALUE k 0 5\r\nhe\r\nl\r\nEND\r\n"),
      client("gets k none\r\n"),
      server("VALUE k 0 3 7\r\nEND\r\nEND\r\n"), // A value that looks like the end.
      client("get none\r\n"),
      server("END\r\n"),
      client("cas k 0 0 1 6\r\nx\r\n"),
      server("EXISTS\r\n"),
      client("incr k 1\r\n"),
      server("CLIENT_ERROR cannot increment or decrement non-numeric value\r\n"),
      client("incr n 1\r\n"),
      server("5\r\n"),
      client("delete none\r\n"),
      server("NOT_FOUND\r\n"),
      client("touch k 10\r\n"),
      server("TOUCHED\r\n"),
      client("add k 0 0 1\r\nx\r\n"),
      server("SERVER_ERROR out of memory storing object\r\n"),
      client("bogus\r\n"),
      server("ERROR\r\n"),
      client("stats items\r\n"),
      server("STAT items:1:number 1\r\nSTAT items:1:age 1\r\nEND\r\n"),
      client("stats reset\r\n"),
      server("RESET\r\n"),
      client("version\r\n"),
      server("VERSION 1.6.18\r\n"),
      client("quit\r\n"),
  };
  however_cut(memcached_protocol, lines, [](const outcome& x) {
    CHECK(x.texts()
          == texts{"set -> 0 ok", "get -> 0 ok", "gets -> 0 ok", "get -> 0 ok", "cas -> 0 ok",
                   "incr -> 0 failed", "incr -> 0 ok", "delete -> 0 ok", "touch -> 0 ok",
                   "add -> 0 failed", "bogus -> 0 failed", "stats -> 0 ok", "stats -> 0 ok",
                   "version -> 0 ok"});
    CHECK(x.lost_bytes() == 0);
    REQUIRE(x.exchanges.size() == 14);
    CHECK(x.exchanges[0].detail == "set k 0 0 5");
    CHECK(x.exchanges[0].request_bytes == 20);
    CHECK(x.exchanges[0].response_bytes == 8);
    CHECK(x.exchanges[0].started_ns == 1'000'000);
    CHECK(x.exchanges[0].duration_ns == 1'000'000);
    CHECK(x.exchanges[1].response_bytes == 25);
  });
}

TEST_CASE("memcached: a row of commands at once, some of which want no answer") {
  const std::vector<line> lines{
      client("set a 0 0 1 noreply\r\nx\r\nget a b\r\ndelete a noreply\r\nincr a 1\r\nget b\r\n"),
      server("VALUE a 0 1\r\nx\r\nVALUE b 0 1\r\ny\r\nEND\r\nNOT_FOUND\r\nEND\r\n"),
  };
  however_cut(memcached_protocol, lines, [](const outcome& x) {
    auto told = x.texts();
    std::sort(told.begin(), told.end());
    CHECK(told
          == texts{"delete -> 0 unknown", "get -> 0 ok", "get -> 0 ok", "incr -> 0 ok",
                   "set -> 0 unknown"});
    CHECK(x.lost_bytes() == 0);
  });
}

// Of who reads on another thread than he writes.
TEST_CASE("memcached: an answer that we hear of before its command") {
  however_cut(
      memcached_protocol,
      {
          client("set k 0 0 1\r\nv\r\n"),
          server("STORED\r\n"),
          server("VALUE k 0 1\r\nv\r\nEND\r\nERROR\r\n"),
          client("get k\r\nnonsense\r\n"),
          client("delete k\r\n"),
          server("DELETED\r\n"),
      },
      [](const outcome& x) {
        CHECK(x.texts()
              == texts{"set -> 0 ok", "get -> 0 ok", "nonsense -> 0 failed", "delete -> 0 ok"});
        CHECK(x.lost_bytes() == 0);
      });
  however_cut(memcached_protocol,
              {
                  client(ask(0x00, 1, "k")),
                  server(answer(0x00, 1, 1)),
                  server(answer(0x00, 0, 2, "", "v")),
                  client(ask(0x00, 2, "k")),
                  client(ask(0x00, 3, "k")),
                  server(answer(0x00, 1, 3)),
              },
              [](const outcome& x) {
                CHECK(x.texts() == texts{"get -> 1 ok", "get -> 0 ok", "get -> 1 ok"});
                CHECK(x.lost_bytes() == 0);
              });
}

TEST_CASE("memcached: meta commands, quiet and not") {
  const std::vector<line> lines{
      client("ms a 2 T0\r\nhi\r\nmg a v t\r\nmg none v\r\nma none\r\nmd a I\r\nme a\r\nmn\r\n"),
      server("HD\r\nVA 2 t-1\r\nhi\r\nEN\r\nNF\r\nEX\r\nME a exp=-1\r\nMN\r\n"),
      client("ms b 2 q\r\nhi\r\nmg b v q O1\r\nmg none v q O2\r\nmg c v q O3\r\nmd c q\r\nmn\r\n"),
      server("VA 2 O1\r\nhi\r\nVA 2 O3\r\nhi\r\nMN\r\n"),
      client("ms d 1 q c\r\nx\r\nms e 1 q\r\ny\r\nget a\r\n"),
      server("NS\r\nEND\r\n"),
      client("mg\r\n"),
      server("CLIENT_ERROR bad command line format\r\n"),
  };
  however_cut(memcached_protocol, lines, [](const outcome& x) {
    CHECK(x.texts()
          == texts{"ms -> 0 ok", "mg -> 0 ok", "mg -> 0 ok", "ma -> 0 ok", "md -> 0 ok",
                   "me -> 0 ok", "mn -> 0 ok", //
                   "ms -> 0 ok", "mg -> 0 ok", "mg -> 0 ok", "mg -> 0 ok", "md -> 0 ok",
                   "mn -> 0 ok", //
                   "ms -> 0 ok", "ms -> 0 ok", "get -> 0 ok", "mg -> 0 failed"});
    CHECK(x.lost_bytes() == 0);
  });
}

TEST_CASE("memcached: what is quiet may have been answered by silence") {
  dialogue x{memcached_protocol};
  x.say({client("ms a 1 q\r\nx\r\nmd a q\r\n")});
  x.close();
  CHECK(x.heard.texts() == texts{"ms -> 0 unknown", "md -> 0 unknown"});
  CHECK(x.heard.lost_bytes() == 0);

  dialogue failed{memcached_protocol}; // One of the two.
  failed.say({client("ms a 1 q\r\nx\r\nms b 1 q\r\ny\r\n"),
              server("SERVER_ERROR out of memory\r\n"), client("mn\r\n"), server("MN\r\n")});
  failed.close();
  CHECK(failed.heard.texts() == texts{"ms -> 0 unknown", "ms -> 0 unknown", "mn -> 0 ok"});

  dialogue refused{memcached_protocol};
  refused.say({client("ms a 1 q\r\nx\r\nbogus\r\n"), server("ERROR\r\n")});
  refused.close(); // Whose error it is, nobody can tell but for what waits.
  CHECK(refused.heard.texts() == texts{"ms -> 0 unknown", "bogus -> 0 failed"});
}

TEST_CASE("memcached: the binary protocol") {
  const std::vector<line> lines{
      client(ask(0x01, 0, "k", "value")),
      server(answer(0x01, 0)),
      client(ask(0x00, 0, "k")),
      server(answer(0x00, 0, 0, "", "value")),
      client(ask(0x00, 0, "none")),
      server(answer(0x00, 1, 0, "", "Not found")),
      client(ask(0x05, 0, "k")),
      server(answer(0x05, 6, 0, "", "Non-numeric")),
      client(ask(0x10)),
      server(answer(0x10, 0, 0, "pid", "1") + answer(0x10, 0, 0, "uptime", "2") + answer(0x10, 0)),
      client(ask(0x1c, 0, "k", "x")),
      server(answer(0x1c, 0x81, 0, "", "Unknown command")),
      client(ask(0x17)),
  };
  however_cut(memcached_protocol, lines, [](const outcome& x) {
    CHECK(x.texts()
          == texts{"set -> 0 ok", "get -> 0 ok", "get -> 1 ok", "incr -> 6 failed", "stats -> 0 ok",
                   "touch -> 129 failed"});
    CHECK(x.lost_bytes() == 0);
    CHECK(x.exchanges[0].detail == "set k");
    CHECK(x.exchanges[0].request_bytes == ask(0x01, 0, "k", "value").size());
    CHECK(x.exchanges[4].response_bytes == 3 * 24 + 4 + 7);
  });
}

// As pylibmc says goodbye to a real server.
TEST_CASE("memcached: the answer to a farewell is to no request") {
  const std::vector<line> lines{
      client(ask(0x00, 1, "k")),
      server(answer(0x00, 1, 1, "", "Not found")),
      client(ask(0x07, 2)),
      server(answer(0x07, 0, 2)),
  };
  however_cut(memcached_protocol, lines, [](const outcome& x) {
    CHECK(x.texts() == texts{"get -> 1 ok"});
    CHECK(x.lost_bytes() == 0);
  });
}

TEST_CASE("memcached: quiet commands of the binary protocol") {
  const std::vector<line> lines{
      client(ask(0x0d, 1, "a") + ask(0x0d, 2, "b") + ask(0x0d, 3, "c") + ask(0x0a, 4)),
      server(answer(0x0d, 0, 2, "b", "x") + answer(0x0a, 0, 4)),
      client(ask(0x11, 5, "a", "x") + ask(0x12, 6, "b", "x") + ask(0x0a, 7)),
      server(answer(0x12, 2, 6, "", "Data exists for key.") + answer(0x0a, 0, 7)),
      client(ask(0x11, 8, "a", "x")),
      client(ask(0x00, 9, "a")),
      server(answer(0x11, 0x82, 8, "", "Out of memory") + answer(0x00, 0, 9, "", "x")),
  };
  however_cut(memcached_protocol, lines, [](const outcome& x) {
    CHECK(x.texts()
          == texts{"get -> 0 ok", "get -> 0 ok", "get -> 0 ok", "noop -> 0 ok", "set -> 0 ok",
                   "add -> 2 ok", "noop -> 0 ok", "set -> 130 failed", "get -> 0 ok"});
    CHECK(x.lost_bytes() == 0);
  });
}

TEST_CASE("memcached: values of any length are passed over") {
  const std::string big(900'000, 'x');
  dialogue x{memcached_protocol};
  x.say({client("set k 0 0 900000\r\n" + big + "\r\n"), server("STORED\r\n"), client("get k\r\n"),
         server("VALUE k 0 900000\r\n" + big + "\r\nEND\r\n"), client("get none\r\n"),
         server("END\r\n"), client(ask(0x01, 0, "k", big)), server(answer(0x01, 3))},
        1024);
  x.close();
  CHECK(x.heard.texts() == texts{"set -> 0 ok", "get -> 0 ok", "get -> 0 ok", "set -> 3 failed"});
  CHECK(x.heard.lost_bytes() == 0);
  CHECK(x.heard.exchanges[0].request_bytes == 900'000 + 20);
}

TEST_CASE("memcached: an answer of which only the beginning was captured") {
  std::string values;
  std::string keys = "get";
  for (int i = 0; i < 200; ++i) {
    keys += " key" + std::to_string(i);
    values += "VALUE key" + std::to_string(i) + " 0 5\r\nhello\r\n";
  }
  dialogue x{memcached_protocol}; // Of the keys too.
  x.say({client(keys + "\r\n"), server(values + "END\r\n"), client("incr k 1\r\n"),
         server("CLIENT_ERROR cannot increment or decrement non-numeric value\r\n")});
  x.close();
  CHECK(x.heard.texts() == texts{"get -> 0 ok", "incr -> 0 failed"});
}

TEST_CASE("memcached: what ends a large value is in one receive with the rest of it") {
  const auto value = "VALUE big 0 200000\r\n" + std::string(200'000, 'x') + "\r\n";
  const auto all = value + "END\r\n";
  for (const size_t cut : {100'000U, 150'000U}) {
    dialogue x{memcached_protocol};
    x.say({client("get big\r\n")});
    x.say_with_tail(std::string_view{all}.substr(0, cut), 32'768, 4096);
    x.say_with_tail(std::string_view{all}.substr(cut), 32'768, 4096);
    x.say({client("get big nothing\r\n")});
    x.say_with_tail(all, 32'768, 4096);
    x.say({client("get nothing\r\n"), server("END\r\n")});
    x.close();
    CHECK(x.heard.texts() == texts(3, "get -> 0 ok"));
    CHECK(x.heard.exchanges[0].response_bytes == all.size());
    CHECK(x.heard.exchanges[1].response_bytes == all.size());
    CHECK(x.heard.lost_bytes() == 0);
  }
}

TEST_CASE("memcached: answers that were lost are not made up") {
  dialogue x{memcached_protocol};
  x.say({client("get a\r\nget b\r\n")});
  x.lose(side::server, 5);
  x.say({server("ERROR\r\n"), client("get c\r\n"), server("END\r\n")});
  x.lose(side::client, 7);
  x.say({client("get d\r\n"), server("END\r\n"), client("get e\r\n"), server("END\r\n")});
  x.close();
  CHECK(x.heard.texts()
        == texts{"get -> 0 unknown", "get -> 0 unknown", "get -> 0 ok", "get -> 0 unknown",
                 "get -> 0 ok"});
}

TEST_CASE("memcached: attached in the midst of a value, it begins with the next command") {
  dialogue x{memcached_protocol};
  x.say({client("MORE OF IT\r\n"), server("STORED\r\n"), client("get k\r\n"), server("END\r\n")});
  x.close();
  CHECK(x.heard.texts() == texts{"get -> 0 ok"});
}

TEST_CASE("memcached: what waits at the end has no answer; a log is no conversation") {
  dialogue x{memcached_protocol};
  x.say({client("get k\r\n")});
  x.close();
  CHECK(x.heard.exchanges.empty());
  CHECK(x.heard.lost[static_cast<size_t>(unparsed::unanswered)] == 7);

  dialogue watching{memcached_protocol};
  watching.say({client("watch fetchers\r\n"), server("OK\r\n"), server("ts=1 gid=1 type=get\r\n")});
  watching.close();
  CHECK(watching.heard.texts() == texts{"watch -> 0 ok"});
  CHECK(watching.heard.lost[static_cast<size_t>(unparsed::out_of_sync)] == 21);
}

TEST_CASE("memcached: is recognised by what it stores, by a header, or by both ends") {
  CHECK(classify("set k 0 0 5\r\nhello\r\n", "") == match::yes);
  CHECK(classify("se", "") == match::perhaps);
  CHECK(classify("get k\r\n", "") == match::perhaps);
  CHECK(classify("get k\r\n", "EN") == match::perhaps);
  CHECK(classify("get k\r\n", "END\r\n") == match::yes);
  CHECK(classify("mg k v\r\n", "VA 1\r\nx\r\n") == match::yes);
  CHECK(classify("incr k 1\r\n", "7\r\n", true) == match::yes);
  CHECK(classify(ask(0x00, 0, "k"), "") == match::yes);
  CHECK(classify(ask(0x00, 0, "k").substr(0, 20), "") == match::perhaps);
}

TEST_CASE("memcached: is not recognised in what others say") {
  CHECK(classify("GET / HTTP/1.1\r\n", "") == match::no);
  CHECK(classify("get k\r\n", "$1\r\nv\r\n") == match::no); // Redis, by hand.
  CHECK(classify("hello there\r\n", "") == match::no);
  CHECK(classify("EHLO x\r\n", "220 mail\r\n") == match::no);
  CHECK(classify("", "+OK POP3\r\n") == match::no);
  CHECK(classify("\x80\xff" + std::string(30, 'x'), "") == match::no);
  CHECK(classify("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"s, "") == match::no);
  CHECK(classify("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"s, "\x16\x03\x03"s, true)
        == match::no);
  std::mt19937 random{1};
  for (int i = 0; i < 2000; ++i) {
    std::string noise(64, '\0');
    for (auto& c : noise)
      c = static_cast<char>(random());
    CHECK(classify(noise, "", i % 2 == 0) == match::no);
    CHECK(classify(noise, noise, i % 2 == 0) == match::no);
  }
}
