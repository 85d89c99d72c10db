// SPDX-License-Identifier: Apache-2.0
#include "actors/registry/registry_table.hpp"

#include "tests/registry/registry_world.hpp"

#include <doctest/doctest.h>

using namespace std::literals;
using namespace troupe;

namespace {

/// Containers that have no cgroup any more, but that their runtime still lists.
struct keeping_world : registry_world {
  snapshot_sink_actor sink =
      spawn([](snapshot_sink_actor::pointer) -> snapshot_sink_actor::behavior_type {
        return {[](const collected&) {
        }};
      });

  uint64_t exported() { return ask<uint64_t>(registry, collect{1}, sink).value(); }

  /// A container that ran and exited.
  void run_once(cgroup_id cgroup, const std::string& id, const std::string& name) {
    find(cgroup, "/docker/" + id);
    resolve(static_cast<container_key>(containers.size()), docker(id, name));
    remove(cgroup);
  }
};

std::string numbered_id(size_t number) {
  const auto text = std::to_string(number);
  return std::string(64 - text.size(), '0') + text;
}

} // namespace

TEST_CASE_FIXTURE(keeping_world, "kept: started again an hour later it goes on counting") {
  start_reader();
  run_once(10, id_a, "web");
  tick_after(options.retire_after - 1ms);
  CHECK(exported() == 1);
  tick_after(1ms);
  CHECK(exported() == 0);
  CHECK(reader.unrouted == std::vector<cgroup_id>{10});
  tick_after(1h);
  CHECK_FALSE(ended(containers[1].handle));
  CHECK(metadata.abandoned.empty());
  find(11, docker_a);
  CHECK(reader.routes[11] == 1);
  CHECK(containers[1].restarts() == 1);
  CHECK(exported() == 1);
  CHECK(containers.size() == 1);
}

TEST_CASE_FIXTURE(keeping_world, "kept: under a new id it is adopted by the one that was kept") {
  start_reader();
  run_once(10, id_a, "web");
  tick_after(1h);
  find(11, docker_b);
  resolve(2, docker(id_b, "web"));
  CHECK(reader.routes[11] == 1);
  CHECK(containers[1].restarts() == 1);
  confirm_routes();
  CHECK(exported() == 1);
}

TEST_CASE_FIXTURE(keeping_world, "kept: until its runtime says that it was removed") {
  start_reader();
  run_once(10, id_a, "web");
  tick_after(1h);
  resolve(1, docker(id_a, "web"), true);
  tick_after(1ms);
  CHECK(ended(containers[1].handle));
  CHECK(metadata.abandoned == std::vector<container_key>{1});
  CHECK(status().containers == 0);
}

TEST_CASE_FIXTURE(keeping_world, "kept: not what no runtime has named") {
  start_reader();
  find(10, docker_a);
  find(20, "/system.slice/nginx.service");
  remove(10);
  remove(20);
  tick_after(options.retire_after);
  CHECK(ended(containers[1].handle));
  CHECK(ended(containers[2].handle));
}

TEST_CASE_FIXTURE(keeping_world, "kept: a thousand, then the oldest retire") {
  start_reader();
  constexpr size_t surplus = 3;
  for (size_t i = 1; i <= kept_containers_max + surplus; ++i) {
    run_once(i, numbered_id(i), "web" + std::to_string(i));
    advance(1ms);
  }
  CHECK(status().containers == kept_containers_max + surplus);
  tick_after(options.retire_after);
  CHECK(status().containers == kept_containers_max);
  for (container_key key = 1; key <= surplus; ++key)
    CHECK(ended(containers[key].handle));
  CHECK_FALSE(ended(containers[surplus + 1].handle));
}
