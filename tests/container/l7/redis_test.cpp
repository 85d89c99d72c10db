// SPDX-License-Identifier: Apache-2.0
#include "actors/container/l7/redis/redis.hpp"

#include "tests/container/l7/dialogue.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace troupe;
using namespace troupe::l7;

namespace {

using texts = std::vector<std::string>;

// As clients send it: an array of bulk strings.
std::string command(const std::vector<std::string>& words) {
  auto text = "*" + std::to_string(words.size()) + "\r\n";
  for (const auto& x : words)
    text += "$" + std::to_string(x.size()) + "\r\n" + x + "\r\n";
  return text;
}

line ask(const std::vector<std::string>& words) {
  return client(command(words));
}

match classify(std::string_view from_client, std::string_view from_server,
               bool in_midstream = false) {
  return redis_protocol.classify({from_client, from_server, 6379, in_midstream});
}

} // namespace

TEST_CASE("redis: commands and their answers, however they are cut") {
  const std::vector<line> lines{
      ask({"set", "k", "v"}),
      server("+OK\r\n"),
      ask({"GET", "k"}),
      server("$1\r\nv\r\n"),
      ask({"INCR", "k"}),
      server("-ERR value is not an integer or out of range\r\n"),
      ask({"GET", "none"}),
      server("$-1\r\n"),
      ask({"DEL", "k"}),
      server(":1\r\n"),
      ask({"CONFIG", "get", "maxmem"}),
      server("*2\r\n$6\r\nmaxmem\r\n$1\r\n0\r\n"),
  };
  however_cut(redis_protocol, lines, [](const outcome& x) {
    CHECK(x.texts()
          == texts{"SET -> 0 ok", "GET -> 0 ok", "INCR -> 0 failed", "GET -> 0 ok", "DEL -> 0 ok",
                   "CONFIG GET -> 0 ok"});
    CHECK(x.lost_bytes() == 0);
    REQUIRE(x.exchanges.size() == 6);
    CHECK(x.exchanges[0].detail == "set k v");
    CHECK(x.exchanges[0].request_bytes == command({"set", "k", "v"}).size());
    CHECK(x.exchanges[0].response_bytes == 5);
    CHECK(x.exchanges[0].started_ns == 1'000'000);
    CHECK(x.exchanges[0].duration_ns == 1'000'000);
    CHECK(x.exchanges[5].response_bytes == 23);
  });
}

TEST_CASE("redis: a pipeline is as many exchanges as commands") {
  std::string commands;
  std::string answers;
  for (int i = 0; i < 30; ++i) {
    commands += command({"INCR", "k"});
    answers += i % 10 == 3 ? "-ERR no\r\n" : ":" + std::to_string(i) + "\r\n";
  }
  however_cut(redis_protocol, {client(commands), server(answers)}, [](const outcome& x) {
    REQUIRE(x.exchanges.size() == 30);
    for (size_t i = 0; i < 30; ++i)
      CHECK((x.exchanges[i].outcome == l7_outcome::failed) == (i % 10 == 3));
    CHECK(x.lost_bytes() == 0);
  });
}

// Of who reads on another thread than he writes.
TEST_CASE("redis: an answer that we hear of before its command") {
  const std::vector<line> lines{
      ask({"SET", "k", "v"}),
      server("+OK\r\n"),
      server("$1\r\nv\r\n-ERR no\r\n"),
      client(command({"GET", "k"}) + command({"INCR", "k"})),
      ask({"PING"}),
      server("+PONG\r\n"),
  };
  however_cut(redis_protocol, lines, [](const outcome& x) {
    CHECK(x.texts() == texts{"SET -> 0 ok", "GET -> 0 ok", "INCR -> 0 failed", "PING -> 0 ok"});
    CHECK(x.lost_bytes() == 0);
  });
}

TEST_CASE("redis: values of any length are passed over") {
  const std::string big(3'000'000, 'x');
  dialogue x{redis_protocol};
  x.say({ask({"SET", "k", big}), server("+OK\r\n"), ask({"GET", "k"}),
         server("$3000000\r\n" + big + "\r\n"), ask({"PING"}), server("+PONG\r\n")},
        65536);
  x.close();
  CHECK(x.heard.texts() == texts{"SET -> 0 ok", "GET -> 0 ok", "PING -> 0 ok"});
  CHECK(x.heard.lost_bytes() == 0);
  CHECK(x.heard.exchanges[0].request_bytes == command({"SET", "k", big}).size());
  CHECK(x.heard.exchanges[1].response_bytes == 3'000'000 + 12);
  CHECK(x.heard.exchanges[0].detail.size() <= detail_bytes_max);
}

TEST_CASE("redis: aggregates hold others to any depth") {
  std::string deep;
  for (int i = 0; i < 200; ++i)
    deep += "*1\r\n";
  deep += ":1\r\n";
  const std::vector<line> lines{
      ask({"EVAL", "s", "0"}),
      server("*3\r\n:1\r\n*2\r\n$1\r\na\r\n*0\r\n*-1\r\n"),
      ask({"HGETALL", "h"}),
      server("%2\r\n+a\r\n:1\r\n+b\r\n~2\r\n,1.5\r\n#t\r\n"),
      ask({"GET", "k"}),
      server("|1\r\n+ttl\r\n%1\r\n+x\r\n:3\r\n$1\r\nv\r\n"), // Attributes stand before an answer.
      ask({"INCR", "k"}),
      server("!21\r\nSYNTAX invalid syntax\r\n"),
      ask({"X"}),
      server("=5\r\ntxt:a\r\n"),
      ask({"Y"}),
      server("_\r\n"),
      ask({"Z"}),
      server("(3492890328409238509324850943850943825024385\r\n"),
      ask({"EVAL", "t", "0"}),
      server(deep),
  };
  however_cut(redis_protocol, lines, [](const outcome& x) {
    CHECK(x.texts()
          == texts{"EVAL -> 0 ok", "HGETALL -> 0 ok", "GET -> 0 ok", "INCR -> 0 failed",
                   "X -> 0 ok", "Y -> 0 ok", "Z -> 0 ok", "EVAL -> 0 ok"});
    CHECK(x.lost_bytes() == 0);
  });
}

TEST_CASE("redis: each command of a transaction is answered") {
  const std::vector<line> lines{
      client(command({"MULTI"}) + command({"SET", "a", "1"}) + command({"LPUSH", "a", "1"})
             + command({"EXEC"})),
      server("+OK\r\n+QUEUED\r\n+QUEUED\r\n*2\r\n+OK\r\n-WRONGTYPE Operation against a key\r\n"),
      ask({"EXEC"}),
      server("-EXECABORT Transaction discarded because of previous errors.\r\n"),
  };
  however_cut(redis_protocol, lines, [](const outcome& x) {
    CHECK(x.texts()
          == texts{"MULTI -> 0 ok", "SET -> 0 ok", "LPUSH -> 0 ok", "EXEC -> 0 ok",
                   "EXEC -> 0 failed"});
  });
}

TEST_CASE("redis: words on a line are a command too") {
  const std::vector<line> lines{client("PING\r\n\r\nset  k v\nCLIENT list\r\n"),
                                server("+PONG\r\n+OK\r\n$2\r\nid\r\n")};
  however_cut(redis_protocol, lines, [](const outcome& x) {
    CHECK(x.texts() == texts{"PING -> 0 ok", "SET -> 0 ok", "CLIENT LIST -> 0 ok"});
    CHECK(x.exchanges[1].detail == "set k v");
    CHECK(x.lost_bytes() == 0);
  });
}

TEST_CASE("redis: what is published is nobody's answer") {
  SUBCASE("in RESP2") {
    const std::vector<line> lines{
        ask({"SUBSCRIBE", "a", "b"}),
        server(
            "*3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n*3\r\n$9\r\nsubscribe\r\n$1\r\nb\r\n:2\r\n"),
        server("*3\r\n$7\r\nmessage\r\n$1\r\na\r\n$2\r\nhi\r\n"),
        ask({"PING"}),
        server("*3\r\n$7\r\nmessage\r\n$1\r\na\r\n$2\r\nhi\r\n*2\r\n$4\r\npong\r\n$0\r\n\r\n"),
        ask({"PSUBSCRIBE", "x*"}),
        server("*3\r\n$10\r\npsubscribe\r\n$2\r\nx*\r\n:3\r\n"),
        server("*4\r\n$8\r\npmessage\r\n$2\r\nx*\r\n$2\r\nxy\r\n$1\r\nz\r\n"),
        ask({"UNSUBSCRIBE"}),
        server("*3\r\n$11\r\nunsubscribe\r\n$1\r\na\r\n:2\r\n*3\r\n$11\r\nunsubscribe\r\n$"
               "1\r\nb\r\n:1\r\n"),
        ask({"PUNSUBSCRIBE"}),
        server("*3\r\n$12\r\npunsubscribe\r\n$2\r\nx*\r\n:0\r\n"),
        ask({"LRANGE", "l", "0", "-1"}),
        server("*3\r\n$7\r\nmessage\r\n$1\r\na\r\n$2\r\nhi\r\n"), // A list that looks like one.
    };
    however_cut(redis_protocol, lines, [](const outcome& x) {
      CHECK(x.texts()
            == texts{"SUBSCRIBE -> 0 ok", "PING -> 0 ok", "PSUBSCRIBE -> 0 ok",
                     "UNSUBSCRIBE -> 0 ok", "PUNSUBSCRIBE -> 0 ok", "LRANGE -> 0 ok"});
      CHECK(x.lost_bytes() == 0);
    });
  }
  SUBCASE("in RESP3") {
    const std::vector<line> lines{
        ask({"HELLO", "3", "AUTH", "u", "secret"}),
        server("%2\r\n$6\r\nserver\r\n$5\r\nredis\r\n$5\r\nproto\r\n:3\r\n"),
        ask({"SUBSCRIBE", "a", "b"}),
        server(
            ">3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n>3\r\n$9\r\nsubscribe\r\n$1\r\nb\r\n:2\r\n"),
        ask({"GET", "k"}),
        server(">3\r\n$7\r\nmessage\r\n$1\r\na\r\n$2\r\nhi\r\n$1\r\nv\r\n"),
        server(">2\r\n$10\r\ninvalidate\r\n*1\r\n$1\r\nk\r\n"),
        ask({"UNSUBSCRIBE"}),
        server(">3\r\n$11\r\nunsubscribe\r\n$1\r\na\r\n:1\r\n>3\r\n$11\r\nunsubscribe\r\n$"
               "1\r\nb\r\n:0\r\n"),
        ask({"GET", "k"}),
        server("$1\r\nv\r\n"),
    };
    however_cut(redis_protocol, lines, [](const outcome& x) {
      CHECK(x.texts()
            == texts{"HELLO -> 0 ok", "SUBSCRIBE -> 0 ok", "GET -> 0 ok", "UNSUBSCRIBE -> 0 ok",
                     "GET -> 0 ok"});
      CHECK(x.exchanges[0].detail == "HELLO"); // Never a password.
      CHECK(x.lost_bytes() == 0);
    });
  }
}

TEST_CASE("redis: MONITOR is answered once") {
  const std::vector<line> lines{
      ask({"MONITOR"}),
      server("+OK\r\n+1339518083.107412 [0 127.0.0.1:60866] \"keys\" \"*\"\r\n"),
      server("+1339518087.877697 [0 127.0.0.1:60866] \"dbsize\"\r\n"),
      ask({"RESET"}),
      server("+1339518088.1 [0 127.0.0.1:60866] \"reset\"\r\n+RESET\r\n"),
      ask({"GET", "k"}),
      server("$1\r\nv\r\n"),
  };
  however_cut(redis_protocol, lines, [](const outcome& x) {
    CHECK(x.texts() == texts{"MONITOR -> 0 ok", "RESET -> 0 ok", "GET -> 0 ok"});
    CHECK(x.lost_bytes() == 0);
  });
}

TEST_CASE("redis: who wants no answers is counted without") {
  const std::vector<line> lines{
      client(command({"CLIENT", "REPLY", "OFF"}) + command({"SET", "a", "1"})
             + command({"CLIENT", "REPLY", "ON"})),
      server("+OK\r\n"),
      client(command({"CLIENT", "REPLY", "SKIP"}) + command({"SET", "a", "2"})
             + command({"GET", "a"})),
      server("$1\r\n2\r\n"),
  };
  however_cut(redis_protocol, lines, [](const outcome& x) {
    CHECK(x.texts()
          == texts{"CLIENT REPLY -> 0 unknown", "SET -> 0 unknown", "CLIENT REPLY -> 0 ok",
                   "CLIENT REPLY -> 0 unknown", "SET -> 0 unknown", "GET -> 0 ok"});
    CHECK(x.lost_bytes() == 0);
  });
}

TEST_CASE("redis: a replica's copy is no conversation") {
  dialogue x{redis_protocol};
  x.say({ask({"REPLCONF", "listening-port", "6380"}), server("+OK\r\n"), ask({"PSYNC", "?", "-1"}),
         server("\n"),
         server("+FULLRESYNC 8de1787ba490483314a4d30f1c628bc5025eb761 0\r\n$9\r\nREDIS"),
         server(command({"SET", "a", "1"})), ask({"REPLCONF", "ACK", "0"})});
  x.close();
  CHECK(x.heard.texts() == texts{"REPLCONF -> 0 ok", "PSYNC -> 0 ok"});
  CHECK(x.heard.lost[static_cast<size_t>(unparsed::unanswered)] == 0);
  CHECK(x.heard.lost[static_cast<size_t>(unparsed::out_of_sync)] > 0);
}

TEST_CASE("redis: what waits for its answer at the end has none") {
  dialogue x{redis_protocol};
  x.say({ask({"GET", "a"}), server("$1\r\nv\r\n"), ask({"BLPOP", "l", "0"})});
  x.close();
  CHECK(x.heard.texts() == texts{"GET -> 0 ok"});
  CHECK(x.heard.lost[static_cast<size_t>(unparsed::unanswered)]
        == command({"BLPOP", "l", "0"}).size());
}

TEST_CASE("redis: a pipeline of which only the beginning was captured") {
  std::string commands;
  std::string answers;
  for (int i = 0; i < 10; ++i) {
    commands += command({"GET", "k"}); // 20 bytes
    answers += "$1\r\nv\r\n";
  }
  dialogue x{redis_protocol};
  x.say_cut(client(commands), 94); // Four commands, and the name of the fifth.
  x.say({server(answers), ask({"INCR", "k"}), server("-ERR no\r\n")});
  x.close();
  // Each answer is to a command, also where nobody knows to which.
  texts expected(5, "GET -> 0 ok");
  expected.insert(expected.end(), 5, " -> 0 ok");
  expected.push_back("INCR -> 0 failed");
  CHECK(x.heard.texts() == expected);
  CHECK(x.heard.lost[static_cast<size_t>(unparsed::unanswered)] == 0);
  for (const auto& exchange : x.heard.exchanges)
    CHECK(exchange.duration_ns == 1'000'000);
}

TEST_CASE("redis: half a name is none") {
  dialogue x{redis_protocol};
  x.say_cut(ask({"GETDEL", "k"}), 11);
  x.say({server("$-1\r\n")});
  x.close();
  CHECK(x.heard.texts() == texts{" -> 0 ok"});
}

TEST_CASE("redis: an answer of which only the beginning was captured") {
  std::string list = "*300\r\n";
  for (int i = 0; i < 300; ++i)
    list += "$5\r\nhello\r\n";
  dialogue x{redis_protocol};
  x.say({ask({"LRANGE", "l", "0", "-1"}), server(list)}, 1500);
  x.say({ask({"INCR", "k"}), server("-ERR no\r\n")});
  x.close();
  CHECK(x.heard.texts() == texts{"LRANGE -> 0 ok", "INCR -> 0 failed"});
}

TEST_CASE("redis: answers that were lost are not made up") {
  dialogue x{redis_protocol};
  x.say({client(command({"GET", "a"}) + command({"GET", "b"}))});
  x.lose(side::server, 7);
  x.say({server("$1\r\nv\r\n")});
  x.lose(side::server, 100);
  x.say({server("-ERR no\r\n"), ask({"GET", "c"}), server("$1\r\nv\r\n")});
  x.lose(side::client, 20);
  x.say({ask({"SET", "d", "1"}), server("+OK\r\n"), ask({"GET", "e"}), server("$-1\r\n")});
  x.close();
  // The first two were answered by what was seen, or by what was not.
  CHECK(x.heard.exchanges.size() == 5);
  CHECK(x.heard.texts().back() == "GET -> 0 ok");
  CHECK(x.heard.texts()[3] == "SET -> 0 unknown");
}

TEST_CASE("redis: attached in the midst of a value, it begins with the next command") {
  dialogue x{redis_protocol};
  x.say({client("lue that began earlier\r\n$3\r\nabc\r\n"), server("+OK\r\n"), ask({"GET", "k"}),
         server("$1\r\nv\r\n")});
  x.close();
  CHECK(x.heard.texts().back() == "GET -> 0 ok");
  CHECK(x.heard.exchanges.size() == 1);
}

TEST_CASE("redis: is recognised by its first command") {
  const auto whole = command({"GET", "k"});
  for (size_t i = 0; i < 8; ++i)
    CHECK(classify(whole.substr(0, i), "") == match::perhaps);
  CHECK(classify(whole, "") == match::yes);
  CHECK(classify(whole, "$1\r\nv\r\n") == match::yes);
  CHECK(classify(whole, "alue\r\n", true) == match::yes);
  CHECK(classify("PING\r\n", "") == match::perhaps);
  CHECK(classify("PING\r\n", "+PONG\r\n") == match::yes);
  CHECK(classify("", ">3\r\n$7\r\nmessage\r\n", true) == match::yes);
  CHECK(classify("", "*3\r\n$7\r\nmessage\r\n", true) == match::yes);
}

TEST_CASE("redis: is not recognised in what others say") {
  CHECK(classify("GET / HTTP/1.1\r\n", "HTTP/1.1 200 OK\r\n") == match::no);
  CHECK(classify("USER joe\r\n", "+OK dovecot ready\r\n") == match::no);
  CHECK(classify("EHLO x\r\n", "220 mail\r\n") == match::no);
  CHECK(classify("get k\r\n", "VALUE k 0 1\r\nv\r\nEND\r\n") == match::no);
  CHECK(classify("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", "") == match::no);
  CHECK(classify("", "\x16\x03\x03\x00\x7a\x02") == match::no);
  CHECK(classify("*x", "") == match::no);
  std::mt19937 random{1};
  for (int i = 0; i < 2000; ++i) {
    std::string noise(64, '\0');
    for (auto& c : noise)
      c = static_cast<char>(random());
    CHECK(classify(noise, "") != match::yes);
    CHECK(classify(noise, noise) == match::no);
  }
}
