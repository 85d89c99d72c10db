// SPDX-License-Identifier: Apache-2.0

#include "actors/supervisor/actor_board.hpp"
#include "actors/supervisor/actor_defaults.hpp"
#include "actors/supervisor/gauged_actor.hpp"
#include "tests/deterministic_system.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <future>

using namespace troupe;
using namespace std::chrono_literals;

namespace {

struct clerk_state {
  const char* name = "clerk";
  std::function<void()> at_tick;
  host_actor host;
};

/// Does what it is told at a tick; asks the host at a target.
gc_ticker_actor::behavior_type clerk(gauged_pointer<gc_ticker_actor, clerk_state> self,
                                     std::function<void()> at_tick, const host_actor& host) {
  install_defaults(self, "clerk");
  self->state.at_tick = std::move(at_tick);
  self->state.host = host;
  return {
      [self](const tick&) { self->state.at_tick(); },
      [self](const tick_target_actor&) {
        self->request(self->state.host, 1s, get_node_info{})
            .then([](const node_info&) {}, [](const caf::error&) {});
      },
  };
}

host_actor::behavior_type a_host() {
  return {[](const get_node_info&) { return node_info{}; },
          [](const scan_cgroups&) { return cgroup_listing{}; },
          [](const cgroup_unknown&) {
            return cgroup_found{};
          }};
}

gauge_reading read(const gc_ticker_actor& handle) {
  return gauge_of(handle)->read(coarse_time_ns(), message_type_name);
}

} // namespace

TEST_CASE_FIXTURE(deterministic_system, "gauged actor: its mailbox can be counted from outside") {
  auto subject = spawn(
      clerk, [] {}, host_actor{});
  run();
  CHECK(read(subject).messages == 0);
  CHECK(read(subject).last_message.empty());
  for (int i = 0; i < 3; ++i)
    self->send(subject, tick{});
  CHECK(read(subject).mailbox == 3);
  sched.run_once();
  CHECK(read(subject).messages == 1);
  CHECK(read(subject).mailbox == 2);
  run();
  CHECK(read(subject).messages == 3);
  CHECK(read(subject).mailbox == 0);
  CHECK(read(subject).last_message == "tick");
  CHECK_FALSE(read(subject).running);
}

TEST_CASE_FIXTURE(deterministic_system, "gauged actor: answers and exits count as messages too") {
  auto subject = spawn(
      clerk, [] {}, spawn(a_host));
  self->send(subject, tick_target_actor{subject});
  run();
  CHECK(read(subject).messages == 2);
  CHECK(read(subject).last_message == "node_info");
  CHECK(read(subject).mailbox == 0);
  self->send_exit(subject, caf::exit_reason::user_shutdown);
  run();
  CHECK(read(subject).messages == 3);
  CHECK(read(subject).last_message == "exit");
  CHECK(ended(subject));
}

TEST_CASE_FIXTURE(deterministic_system, "gauged actor: a handle in a message has a short name") {
  auto subject = spawn(
      clerk, [] {}, host_actor{});
  self->send(subject, tick_target_actor{subject});
  sched.run_once();
  CHECK(read(subject).last_message == "actor_handle");
}

TEST_CASE_FIXTURE(deterministic_system, "gauged actor: an exception ends it as it ends any actor") {
  auto subject = spawn(
      clerk, [] { throw std::runtime_error("boom"); }, host_actor{});
  self->send(subject, tick{});
  self->send(subject, tick{});
  run();
  CHECK(ended(subject));
  CHECK(read(subject).messages == 1);
  CHECK_FALSE(read(subject).running);
}

TEST_CASE_FIXTURE(deterministic_system, "gauged actor: other actors have no gauge") {
  CHECK(gauge_of(spawn(a_host)) == nullptr);
}

TEST_CASE("gauged actor: one that hangs is read without its help") {
  caf::actor_system_config config;
  caf::actor_system system{config};
  std::promise<void> begun;
  std::promise<void> leave;
  auto left = leave.get_future().share();
  auto subject = system.spawn<caf::detached>(
      clerk,
      [&, first = true]() mutable {
        if (std::exchange(first, false))
          begun.set_value();
        left.wait();
      },
      host_actor{});
  for (int i = 0; i < 1000; ++i)
    caf::anon_send(subject, tick{});
  REQUIRE(begun.get_future().wait_for(10s) == std::future_status::ready);
  actor_board board{message_type_name};
  board.started("clerk", gauge_of(subject), 0);
  const auto row = board.read(0, coarse_time_ns() + 2'000'000'000).actors.at(0);
  CHECK(row.state == actor_state::no_answer);
  CHECK(row.gauge.last_message == "tick");
  CHECK(row.gauge.messages == 1);
  CHECK(row.gauge.mailbox == 999);
  leave.set_value();
  const auto gauge = gauge_of(subject);
  const auto deadline = std::chrono::steady_clock::now() + 10s;
  while (gauge->read(0, message_type_name).messages < 1000
         && std::chrono::steady_clock::now() < deadline)
    std::this_thread::yield();
  CHECK(gauge->read(0, message_type_name).messages == 1000);
  CHECK(gauge->read(0, message_type_name).mailbox == 0);
  caf::anon_send_exit(subject, caf::exit_reason::user_shutdown);
}
