// SPDX-License-Identifier: Apache-2.0
// The reader as it runs: in its own thread, on the running kernel.

#include "actors/bpf_reader/bpf_reader.hpp"
#include "tests/bpf/scratch_cgroup.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/scoped_actor.hpp>

#include <doctest/doctest.h>

#include <sys/wait.h>
#include <unistd.h>

#include <chrono>

using namespace troupe;
using namespace std::chrono_literals;

namespace {

struct sharing_config : caf::actor_system_config {
  sharing_config() {
    set("scheduler.policy", caf::atom("sharing"));
    set("scheduler.max-threads", 1);
  }
};

/// Tells the test what the reader says; both ends in one mailbox, in order.
registry_actor::behavior_type forwarding_registry(registry_actor::pointer, const caf::actor& test) {
  return {
      [=](const cgroup_found& x) { caf::anon_send(test, x); },
      [](const cgroup_listing&) {},
      [](const cgroup_unknown&) {},
      [=](const cgroup_removed& x) { caf::anon_send(test, x); },
      [](const route_changed&) {},
      [](const container_resolved&) {},
      [](const pod_workloads&) {},
      [=](const bpf_reader_actor&) { caf::anon_send(test, tick{}); },
      [](const runtime_metadata_actor&) {},
      [](const host_actor&) {},
      [](const tick&) {},
      [](const collect&, const snapshot_sink_actor&) { return uint64_t{0}; },
      [](const get_status&) { return registry_status{}; },
  };
}

} // namespace

TEST_CASE("bpf_reader: tells of a cgroup at once, and ends within a second of being told to") {
  sharing_config config;
  caf::actor_system system{config};
  caf::scoped_actor self{system, true};
  const auto registry = system.spawn(forwarding_registry, caf::actor_cast<caf::actor>(self));
  const auto reader = system.spawn<caf::detached>(
      bpf_reader, settings{}, cgroup_hierarchy{"", watched_controller()}, registry);
  self->receive([](const tick&) {}, caf::after(10s) >> [] { FAIL("the reader does not start"); });

  const auto made = std::chrono::steady_clock::now();
  const scratch_cgroup cgroup;
  bool found = false;
  while (!found && std::chrono::steady_clock::now() - made < 10s)
    self->receive([&](const cgroup_found& x) { found = found || x.path == cgroup.path(); },
                  [](const cgroup_removed&) {}, caf::after(1s) >> [] {});
  CHECK(found);

  self->monitor(reader);
  const auto told = std::chrono::steady_clock::now();
  caf::anon_send_exit(reader, caf::exit_reason::user_shutdown);
  bool down = false;
  while (!down && std::chrono::steady_clock::now() - told < 5s)
    self->receive([&](const caf::down_msg&) { down = true; }, [](const cgroup_found&) {},
                  [](const cgroup_removed&) {}, caf::after(1s) >> [] {});
  CHECK(down);
  CHECK(std::chrono::steady_clock::now() - told < 1s);
  caf::anon_send_exit(registry, caf::exit_reason::kill);
}
