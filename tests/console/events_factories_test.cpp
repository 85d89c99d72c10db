// SPDX-License-Identifier: Apache-2.0
#include "actors/console/factories.hpp"

#include "actors/console/actor_system_config.hpp"
#include "tests/console/captured_output.hpp"

#include <caf/actor_system.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>
#include <doctest/doctest.h>

#include <chrono>

using namespace std::literals;
using namespace troupe;

namespace {

/// Tells `test` with a tick each time that `console` is to be told of changes.
observable_metadata_actor::behavior_type metadata_stub(observable_metadata_actor::pointer /*self*/,
                                                       const caf::actor& test,
                                                       const caf::actor_addr& console) {
  return {
      [](const resolve_container&, const metadata_sink_actor&) {},
      [](const abandon_container&) {},
      [](const list_all&) { return runtime_listing{}; },
      [](const get_status&) { return std::vector<runtime_status>{}; },
      [=](const observe_containers&, const container_observer_actor& observer) {
        if (observer == console)
          caf::anon_send(test, tick{});
      },
  };
}

/// With real threads: the console has its own.
struct factories_fixture {
  captured_output output;
  events_options options;
  actor_system_config config;
  caf::actor_system system{config};
  caf::scoped_actor self{system, true};
  troupe_factories factories;
  caf::actor_addr console;

  factories_fixture() {
    factories.runtime_metadata = [this](caf::actor_system& in) -> runtime_metadata_actor {
      return in.spawn(metadata_stub, caf::actor_cast<caf::actor>(self.ptr()), console);
    };
  }

  /// As the supervisor does: the console first, then runtime_metadata, and again when it failed.
  /// Answers how often it was told to observe.
  int observed(int starts) {
    const auto handle = factories.console(system);
    console = handle.address();
    int count = 0;
    for (int i = 0; i < starts; ++i) {
      auto metadata = factories.runtime_metadata(system);
      // Its answer comes after all that was sent to it before.
      self->request(metadata, 10s, get_status{})
          .receive([](const std::vector<runtime_status>&) {},
                   [](const caf::error&) { FAIL("it does not answer"); });
      self->send_exit(metadata, caf::exit_reason::user_shutdown);
    }
    for (bool more = true; more;)
      self->receive([&](const tick&) { ++count; }, caf::after(0s) >> [&] { more = false; });
    self->send_exit(handle, caf::exit_reason::user_shutdown);
    self->wait_for(handle);
    return count;
  }
};

} // namespace

TEST_CASE_FIXTURE(factories_fixture,
                  "events: every runtime_metadata is observed, a later one too") {
  add_events_console(factories, options, output.streams());
  CHECK(observed(2) == 2);
}

TEST_CASE_FIXTURE(factories_fixture, "events: where only the kernel is asked nobody is observed") {
  options.runtimes = false;
  add_events_console(factories, options, output.streams());
  CHECK(observed(2) == 0);
}
