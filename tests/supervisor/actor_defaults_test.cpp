// SPDX-License-Identifier: Apache-2.0

#include "actors/supervisor/actor_defaults.hpp"
#include "tests/deterministic_system.hpp"

#include <doctest/doctest.h>

#include <stdexcept>

using namespace troupe;

namespace {

gc_ticker_actor::behavior_type fragile(gc_ticker_actor::pointer self) {
  install_defaults(self, "fragile");
  return {
      [](const tick&) { throw std::runtime_error("boom"); },
      [](const tick_target_actor&) {},
  };
}

struct watching_world : deterministic_system {
  caf::error reason_of_end;

  /// What the down message of a child says.
  void watch(const gc_ticker_actor& child) {
    spawn([this, child](gc_ticker_actor::pointer me) -> gc_ticker_actor::behavior_type {
      me->set_down_handler([this](const caf::down_msg& down) { reason_of_end = down.reason; });
      me->monitor(child);
      return {[](const tick&) {},
              [](const tick_target_actor&) {
              }};
    });
    run();
  }
};

} // namespace

TEST_CASE_FIXTURE(watching_world,
                  "actor defaults: an exception ends the actor and its text is kept") {
  auto actor = spawn(fragile);
  watch(actor);
  self->send(actor, tick{});
  run();
  CHECK(ended(actor));
  CHECK(describe(reason_of_end).find("boom") != std::string::npos);
}

TEST_CASE_FIXTURE(watching_world, "actor defaults: an exit ends the actor with its reason") {
  auto actor = spawn(fragile);
  watch(actor);
  self->send_exit(actor, make_error(ec::shutting_down, "by a test"));
  run();
  CHECK(ended(actor));
  CHECK(describe(reason_of_end) == "shutting_down: by a test");
}

TEST_CASE_FIXTURE(watching_world, "actor defaults: a message of no known type is dropped") {
  auto actor = spawn(fragile);
  self->send(caf::actor_cast<caf::actor>(actor), std::string{"what"});
  run();
  CHECK_FALSE(ended(actor));
}

TEST_CASE("actor defaults: errors are described for people") {
  CHECK(describe({}) == "normal");
  CHECK(describe(make_error(ec::address_in_use, "127.0.0.1:9912"))
        == "address_in_use: 127.0.0.1:9912");
  CHECK_FALSE(describe(caf::sec::request_timeout).empty());
}
