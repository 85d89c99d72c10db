// SPDX-License-Identifier: Apache-2.0

#include "actors/supervisor/actor_board.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using namespace troupe;

namespace {

constexpr uint64_t second = 1'000'000'000;

std::string name_of(uint64_t type) {
  return "type_" + std::to_string(type);
}

std::shared_ptr<actor_gauge> a_gauge() {
  return std::make_shared<actor_gauge>();
}

/// One that handled so many messages and has so many waiting.
std::shared_ptr<actor_gauge> a_busy_gauge(int taken, int waiting) {
  auto gauge = a_gauge();
  for (int i = 0; i < taken + waiting; ++i)
    gauge->came();
  gauge->resumed();
  for (int i = 0; i < taken; ++i)
    gauge->taken(7);
  gauge->paused();
  return gauge;
}

} // namespace

TEST_CASE("actor gauge: what came and was not taken waits") {
  const auto x = a_busy_gauge(3, 2)->read(coarse_time_ns(), name_of);
  CHECK(x.messages == 3);
  CHECK(x.mailbox == 2);
  CHECK(x.last_message == "type_7");
  CHECK_FALSE(x.running);
}

TEST_CASE("actor gauge: one that was idle owes an answer only since its first message waits") {
  const auto gauge = a_busy_gauge(1, 0);
  const auto later = coarse_time_ns() + 100 * second;
  CHECK(gauge->read(later, name_of).waiting_ns == 0);
  CHECK(gauge->read(later, name_of).last_message_age_ns >= 100 * second);
  gauge->came();
  CHECK(gauge->read(coarse_time_ns(), name_of).waiting_ns < second);
}

TEST_CASE("actor board: an actor that begins nothing for a second does not answer") {
  actor_board board{name_of};
  auto hangs = a_busy_gauge(2, 5);
  hangs->resumed();
  board.started("registry", hangs, 0);
  board.started("host", a_busy_gauge(2, 0), 0);
  const auto now = coarse_time_ns();
  auto rows = board.read(0, now).actors;
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].state == actor_state::busy);
  CHECK(rows[1].state == actor_state::idle);
  rows = board.read(0, now + 3 * second).actors;
  CHECK(rows[0].state == actor_state::no_answer);
  CHECK(rows[0].gauge.waiting_ns >= 3 * second);
  CHECK(rows[0].gauge.last_message == "type_7");
  CHECK(rows[0].gauge.mailbox == 5);
  CHECK(rows[1].state == actor_state::idle);
}

TEST_CASE("actor board: one that waits for a thread does not answer either") {
  actor_board board{name_of};
  board.started("registry", a_busy_gauge(0, 1), 0);
  CHECK(board.read(0, coarse_time_ns() + 2 * second).actors[0].state == actor_state::no_answer);
}

TEST_CASE("actor board: one that is meant to sit in its handler is no failure") {
  actor_board board{name_of};
  const auto sits = a_busy_gauge(1, 0);
  sits->resumed();
  board.add_helper("runtime_watcher", waits::by_design, sits);
  board.add_helper("runtime_worker", waits::never, sits);
  const auto rows = board.read(0, coarse_time_ns() + 9 * second).actors;
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].state == actor_state::blocked);
  CHECK(rows[1].state == actor_state::no_answer);
}

TEST_CASE("actor board: an actor that ended stays, a helper that ended goes") {
  actor_board board{name_of};
  board.ended("exporter");
  CHECK(board.read(0).actors.at(0).state == actor_state::down);
  board.started("exporter", a_gauge(), 0);
  CHECK(board.read(0).actors.at(0).state == actor_state::idle);
  board.ended("exporter");
  board.started("exporter", a_gauge(), 1);
  CHECK(board.read(0).actors.at(0).restarts == 1);
  auto helper = a_gauge();
  board.add_helper("runtime_worker", waits::never, helper);
  CHECK(board.read(0).actors.size() == 2);
  helper.reset();
  CHECK(board.read(0).actors.size() == 1);
}

TEST_CASE("actor board: containers are summed up, and the busiest come first") {
  actor_board board{name_of};
  std::vector<std::shared_ptr<actor_gauge>> gauges;
  for (container_key key = 1; key <= 30; ++key) {
    gauges.push_back(a_busy_gauge(2, 0));
    gauges.back()->set_credit(0, 8);
    board.add_container(key, gauges.back());
  }
  gauges[10]->set_credit(8, 8);
  gauges[20]->came();
  gauges[20]->label("/docker/web");
  const auto all = board.read(3);
  CHECK(all.containers == 30);
  CHECK(all.all_containers.gauge.messages == 60);
  CHECK(all.all_containers.gauge.mailbox == 1);
  CHECK(all.all_containers.gauge.credit_used == 8);
  CHECK(all.all_containers.gauge.credit_granted == 240);
  REQUIRE(all.busiest.size() == 3);
  CHECK(all.busiest[0].container == 11);
  CHECK(all.busiest[1].container == 21);
  CHECK(all.busiest[1].gauge.label == "/docker/web");
  CHECK(all.busiest[2].container == 1);
}

TEST_CASE("actor board: the sum of containers says who waits longest") {
  actor_board board{name_of};
  const auto hangs = a_busy_gauge(1, 4);
  hangs->resumed();
  const auto idle = a_busy_gauge(1, 0);
  board.add_container(1, idle);
  board.add_container(2, hangs);
  const auto sum = board.read(0, coarse_time_ns() + 5 * second).all_containers;
  CHECK(sum.state == actor_state::no_answer);
  CHECK(sum.gauge.waiting_ns >= 5 * second);
  CHECK(sum.gauge.mailbox == 4);
}

TEST_CASE(
    "actor board: a container that comes again was restarted, one that is gone is forgotten") {
  actor_board board{name_of};
  auto first = a_gauge();
  board.add_container(5, first);
  first.reset();
  CHECK(board.read(10).containers == 0);
  const auto second_one = a_gauge();
  board.add_container(5, second_one);
  REQUIRE(board.read(10).busiest.size() == 1);
  CHECK(board.read(10).busiest[0].restarts == 1);
  for (container_key key = 100; key < 10'100; ++key)
    board.add_container(key, a_gauge());
  CHECK(board.read(10).containers == 1);
}
