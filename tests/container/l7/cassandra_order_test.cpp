// SPDX-License-Identifier: Apache-2.0
#include "actors/container/l7/cassandra/cassandra.hpp"
#include "actors/container/l7/early_answers.hpp"
#include "tests/container/l7/cassandra_messages.hpp"
#include "tests/container/l7/dialogue.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <string>
#include <vector>

// Answers that come before their requests, or never.

using namespace troupe;
using namespace troupe::l7;
using namespace troupe::l7::cassandra_said;
using texts = std::vector<std::string>;

TEST_CASE("cassandra: an answer that we hear of before its request waits for it") {
  const std::vector<line> lines{server(say(0, supported, number(0, 2))),
                                client(ask(0, options, "")),
                                server(say(0, ready, "")),
                                client(start()),
                                server(refuse(2, 0x2200) + rows(1)),
                                client(select(1, "SELECT a FROM b")),
                                client(select(2, "SELECT a FROM c")),
                                server(rows(7))};
  however_cut(cassandra_protocol, lines, [](const outcome& x) {
    CHECK(x.texts()
          == texts{"OPTIONS -> 0 ok", "STARTUP -> 0 ok", "SELECT b -> 0 ok",
                   "SELECT c -> 8704 failed"});
    CHECK(x.exchanges[3].duration_ns == 0);
    CHECK(x.exchanges[3].response_bytes == refuse(2, 0x2200).size());
    CHECK(x.lost[static_cast<size_t>(unparsed::unanswered)] == rows(7).size());
    CHECK(x.lost_bytes() == rows(7).size());
  });
}

TEST_CASE("cassandra: version 5's frames begin with an answer that came too early, too") {
  const std::vector<line> lines{
      server(say(3, ready, "", 5)), client(start(5).replace(2, 2, number(3, 2))),
      server(frame(rows(1, 9, 5))), client(frame(select(1, "SELECT a FROM b", 5)))};
  however_cut(cassandra_protocol, lines, [](const outcome& x) {
    CHECK(x.texts() == texts{"STARTUP -> 0 ok", "SELECT b -> 0 ok"});
    CHECK(x.lost_bytes() == 0);
  });
}

TEST_CASE("cassandra: requests of one send may all be answered before we hear of it") {
  std::string asked;
  std::string answered;
  for (int i = 0; i < 70; ++i) {
    asked += select(i, "SELECT a FROM b");
    answered += i % 10 == 6 ? refuse(i, 0x1200) : rows(i);
  }
  dialogue x{cassandra_protocol};
  x.say({client(start()), server(say(0, ready, ""))});
  for (const auto& said : {server(answered), client(asked)})
    x.say({said}, 1000);
  x.close();
  // More than are kept: the oldest ones found nobody.
  REQUIRE(x.heard.exchanges.size() == 1 + early_answers::most);
  for (size_t i = 0; i < early_answers::most; ++i)
    CHECK((x.heard.exchanges[1 + i].outcome == l7_outcome::failed) == (i % 10 == 0));
  CHECK(x.heard.lost[static_cast<size_t>(unparsed::unanswered)]
        == 6 * (rows(1).size() + select(1, "SELECT a FROM b").size()));
}

TEST_CASE("cassandra: an answer does not wait for what it cannot be the answer of") {
  dialogue x{cassandra_protocol};
  x.say({client(start()), server(say(0, ready, "")), client(select(1, "SELECT a FROM b")),
         server(rows(1)), server(rows(2))});
  SUBCASE("too late") {
    for (int i = 0; i < 100; ++i) // A millisecond each.
      x.say({server(say(-1, event, text("STATUS_CHANGE")))});
  }
  SUBCASE("a request is missing") {
    x.lose(side::client, 50);
  }
  SUBCASE("of another kind") {
    x.say({client(ask(2, options, "")), server(say(2, supported, number(0, 2)))});
    x.heard.exchanges.pop_back();
  }
  x.say({client(select(2, "SELECT a FROM c"))});
  CHECK(x.heard.lost[static_cast<size_t>(unparsed::unanswered)] == rows(2).size());
  x.say({server(refuse(2, 0x2200))});
  x.close();
  CHECK(x.heard.texts() == texts{"STARTUP -> 0 ok", "SELECT b -> 0 ok", "SELECT c -> 8704 failed"});
}

TEST_CASE("cassandra: where requests are missing, nobody waits for one on a stream of theirs") {
  dialogue x{cassandra_protocol};
  SUBCASE("lost") {
    x.say({client(start()), server(say(0, ready, ""))});
    x.lose(side::client, 50);
  }
  SUBCASE("attached in mid-stream") {
    x.say({server(rows(2)), client(ask(0, options, "")), server(say(0, supported, number(0, 2)))});
    CHECK(x.heard.lost[static_cast<size_t>(unparsed::out_of_sync)] == rows(2).size());
  }
  x.heard.exchanges.clear();
  x.say({client(select(1, "SELECT a FROM b")), server(rows(1)), server(rows(2)),
         client(select(2, "SELECT a FROM c")), server(refuse(2, 0x2200)),
         // Both streams are known again.
         server(rows(2) + rows(1)),
         client(select(1, "SELECT a FROM d") + select(2, "SELECT a FROM e"))});
  x.close();
  CHECK(x.heard.texts()
        == texts{"SELECT b -> 0 ok", "SELECT c -> 8704 failed", "SELECT d -> 0 ok",
                 "SELECT e -> 0 ok"});
  CHECK(x.heard.lost[static_cast<size_t>(unparsed::unanswered)] == rows(2).size());
}

TEST_CASE("cassandra: an answer that is missing does not make the next one that of another") {
  dialogue x{cassandra_protocol};
  x.say({client(start()), server(say(0, ready, "")), client(select(1, "SELECT a FROM b"))});
  x.lose(side::server, rows(1).size());
  SUBCASE("seen at the answer to the next one") {
    x.say({client(select(1, "SELECT a FROM c")), server(refuse(1, 0x2200))});
  }
  SUBCASE("seen before it is asked") {
    x.say({client(select(2, "SELECT a FROM x")), server(rows(2)),
           client(select(1, "SELECT a FROM c")), server(refuse(1, 0x2200))});
    x.heard.exchanges.erase(x.heard.exchanges.begin() + 1);
  }
  x.say({client(select(1, "SELECT a FROM d")), server(rows(1))});
  x.close();
  CHECK(x.heard.texts() == texts{"STARTUP -> 0 ok", "SELECT c -> 8704 failed", "SELECT d -> 0 ok"});
  CHECK(x.heard.lost[static_cast<size_t>(unparsed::unanswered)]
        == select(1, "SELECT a FROM b").size());
}
