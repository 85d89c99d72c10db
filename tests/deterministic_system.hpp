// SPDX-License-Identifier: Apache-2.0
#pragma once

// The fixture of every actor test: one thread, and time goes on when the test says so.
//
//   TEST_CASE_FIXTURE(deterministic_system, "thing: does this") {
//     auto actor = spawn(thing, arguments...);
//     self->send(actor, tick{});
//     run();                              // until nobody has work; does not advance time
//     advance(5s);                        // fires due timers, then runs
//     ...
//   }
//
// An actor that sends to itself without end makes run() endless: bound it with sched.run(n).
// Never spawn with caf::detached here: that starts a real thread.

#include "messages/actors.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/scheduler/test_coordinator.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <chrono>
#include <optional>
#include <utility>
#include <vector>

namespace troupe {

struct deterministic_config : caf::actor_system_config {
  deterministic_config() { set("scheduler.policy", caf::atom("testing")); }
};

struct deterministic_system {
  deterministic_config config;
  caf::actor_system system{config};
  caf::scheduler::test_coordinator& sched =
      dynamic_cast<caf::scheduler::test_coordinator&>(system.scheduler());
  caf::scoped_actor self{system, true};
  std::vector<caf::actor> spawned; ///< killed at the end: ~actor_system waits for every actor

  deterministic_system() = default;
  deterministic_system(const deterministic_system&) = delete;
  deterministic_system& operator=(const deterministic_system&) = delete;

  ~deterministic_system() {
    for (const auto& handle : spawned)
      caf::anon_send_exit(handle, caf::exit_reason::kill);
    sched.run();
  }

  /// As actor_system::spawn(), and ends the actor with the fixture. Also for factories that an
  /// actor under test calls.
  template <class... Args>
  auto spawn(Args&&... args) {
    auto handle = system.spawn(std::forward<Args>(args)...);
    spawned.push_back(caf::actor_cast<caf::actor>(handle));
    return handle;
  }

  /// Lets everybody work until there is nothing to do.
  void run() { sched.run(); }

  /// Time goes on; what becomes due is done, also what it leads to within `by`.
  void advance(std::chrono::nanoseconds by) {
    sched.advance_time(std::chrono::duration_cast<caf::timespan>(by));
    sched.run();
  }

  /// Asks and waits for the answer; empty when the answer was an error.
  template <class Response, class Handle, class... Args>
  std::optional<Response> ask(const Handle& handle, Args&&... args) {
    auto pending = self->request(handle, caf::infinite, std::forward<Args>(args)...);
    sched.run();
    std::optional<Response> answer;
    pending.receive([&](Response& response) { answer = std::move(response); },
                    [](const caf::error&) {});
    return answer;
  }

  /// True when the actor behind the handle has ended.
  template <class Handle>
  static bool ended(const Handle& handle) {
    return caf::actor_cast<caf::abstract_actor*>(handle)->getf(
        caf::abstract_actor::is_terminated_flag);
  }
};

} // namespace troupe
