// SPDX-License-Identifier: Apache-2.0
#include "actors/host/nat_resolver.hpp"

#include "tests/host/scripted_nat.hpp"

#include <doctest/doctest.h>

using namespace troupe;

namespace {

const auto client = address("10.0.0.2", 40000);
const auto service = address("10.96.0.10", 80);
const auto backend = address("10.1.0.7", 8080);

struct resolving {
  scripted_nat* nat = new scripted_nat; // The resolver's.
  nat_resolver resolver{std::unique_ptr<nat_sources>{nat}};

  resolving() { nat->processes[100] = {7, scripted_nat::host}; }
  nat_answers ask(std::vector<nat_question> asked, container_key key = 1) {
    return resolver.answer({key, {}, std::move(asked)});
  }
};

} // namespace

TEST_CASE_FIXTURE(resolving, "a flow that nobody translates is no part of the answer") {
  const auto answers = ask({question(5, client, service)});
  CHECK(answers.translated.empty());
  CHECK(answers.unanswered == 0);
  CHECK(nat->entered == std::vector<uint64_t>{7, scripted_nat::host});
}

TEST_CASE_FIXTURE(resolving,
                  "what the machine translates is told by cookie, with what was dialled") {
  nat->rules[scripted_nat::host] = {{service, backend}};
  const auto answers =
      ask({question(5, client, service), question(6, client, address("10.0.0.9", 80))});
  REQUIRE(answers.translated.size() == 1);
  CHECK(answers.translated[0].socket_cookie == 5);
  CHECK(answers.translated[0].dialled == service);
  CHECK(answers.translated[0].actual == backend);
}

TEST_CASE_FIXTURE(resolving, "behind the container's own translation comes the machine's") {
  const auto proxy = address("10.0.0.50", 15001);
  nat->rules[7] = {{service, proxy}};
  nat->rules[scripted_nat::host] = {{proxy, backend}, {service, client}};
  const auto answers = ask({question(5, client, service)});
  REQUIRE(answers.translated.size() == 1);
  CHECK(answers.translated[0].dialled == service);
  CHECK(answers.translated[0].actual == backend);
}

TEST_CASE_FIXTURE(resolving, "a runtime in a container translates before the machine does") {
  const auto node = address("172.18.0.3", 30080);
  nat->processes[100] = {7, 9, scripted_nat::host};
  nat->rules[9] = {{service, node}};
  nat->rules[scripted_nat::host] = {{node, backend}};
  const auto answers = ask({question(5, client, service)});
  REQUIRE(answers.translated.size() == 1);
  CHECK(answers.translated[0].actual == backend);
  CHECK(nat->entered == std::vector<uint64_t>{7, 9, scripted_nat::host});
}

TEST_CASE_FIXTURE(resolving,
                  "a container's loopback is not looked for in the machine's namespace") {
  const auto name_server = address("127.0.0.11", 53);
  const auto local = address("127.0.0.1", 40000);
  nat->rules[scripted_nat::host] = {{name_server, backend}, {address("::1", 80), backend}};
  CHECK(ask({question(5, local, name_server)}).translated.empty());
  CHECK(ask({question(5, address("::1", 1), address("::1", 80))}).translated.empty());
  // In its own it is.
  nat->rules[7] = {{name_server, address("127.0.0.11", 41234)}};
  const auto answers = ask({question(5, local, name_server)});
  REQUIRE(answers.translated.size() == 1);
  CHECK(answers.translated[0].actual == address("127.0.0.11", 41234));
}

TEST_CASE_FIXTURE(resolving, "in the machine's own namespace a loopback address is the machine's") {
  nat->processes[100] = {scripted_nat::host};
  const auto published = address("127.0.0.1", 80);
  nat->rules[scripted_nat::host] = {{published, backend}};
  CHECK(ask({question(5, address("127.0.0.1", 40000), published)}).translated.size() == 1);
  CHECK(nat->entered == std::vector<uint64_t>{scripted_nat::host});
}

TEST_CASE_FIXTURE(resolving, "a process that has ended is stood for by another of its container") {
  nat->rules[7] = {{service, backend}};
  const nat_question ended = question(5, client, service, 200);
  CHECK(ask({ended}).translated.empty()); // Nobody known yet.
  CHECK(nat->entered == std::vector<uint64_t>{scripted_nat::host});
  CHECK(resolver.answer({1, {100, 100}, {ended}}).translated.size() == 1);
  nat->processes.clear();
  CHECK(ask({ended}).translated.size() == 1); // As it went last time.
  CHECK(ask({ended}, 2).translated.empty());  // Of another container.
}

TEST_CASE_FIXTURE(resolving, "a namespace is entered once for all flows of a batch") {
  nat->processes[101] = {7, scripted_nat::host};
  nat->processes[102] = {8, 9, scripted_nat::host};
  ask({question(1, client, service, 100), question(2, client, service, 101),
       question(3, client, service, 102), question(4, client, service, 100)});
  CHECK(nat->entered == std::vector<uint64_t>{7, 8, scripted_nat::host, 9, scripted_nat::host});
  CHECK(nat->followed == 9);
}

TEST_CASE_FIXTURE(resolving,
                  "Cilium: the socket has the backend's address, and the map what was dialled") {
  nat->dialled[5] = service;
  const auto answers = ask({question(5, client, backend), question(6, client, backend)});
  REQUIRE(answers.translated.size() == 1);
  CHECK(answers.translated[0].socket_cookie == 5);
  CHECK(answers.translated[0].dialled == service);
  CHECK(answers.translated[0].actual == backend);
}

TEST_CASE_FIXTURE(resolving, "Cilium: a service entry leads to the backend") {
  nat->backends = {{service, backend}};
  const auto answers = ask({question(5, client, service)});
  REQUIRE(answers.translated.size() == 1);
  CHECK(answers.translated[0].dialled == service);
  CHECK(answers.translated[0].actual == backend);
}

TEST_CASE_FIXTURE(resolving, "who should have answered and did not is counted") {
  nat->fails = true;
  nat->dialled[5] = service;
  const auto answers = ask({question(5, client, backend), question(6, client, backend)});
  CHECK(answers.translated.size() == 1);
  CHECK(answers.unanswered == 1);
}
