// SPDX-License-Identifier: Apache-2.0
#include "tests/bpf/watched_kernel.hpp"

#include "actors/bpf_reader/kernel_btf.hpp"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <chrono>
#include <fstream>
#include <string>

using namespace troupe;

namespace {

/// Bytes of kernel memory that a map is charged for, as its fdinfo says.
uint64_t memory_of(int map_fd) {
  std::ifstream info{"/proc/self/fdinfo/" + std::to_string(map_fd)};
  std::string word;
  while (info >> word)
    if (uint64_t bytes = 0; word == "memlock:" && info >> bytes)
      return bytes;
  return 0;
}

} // namespace

TEST_CASE("every feature loads and attaches on this kernel") {
  const bpf_objects objects{test_options()};
  const auto& statuses = objects.statuses();
  CHECK(statuses.size() == 8);
  for (const auto& status : statuses) {
    INFO(status.feature << ": " << status.reason);
    CHECK((status.enabled || is_refused(status)));
    CHECK(status.enabled == status.reason.empty());
  }
  std::chrono::nanoseconds spent{};
  for (const auto& feature : objects.features())
    spent += feature.load_time();
  MESSAGE("all objects: loaded and attached in "
          << std::chrono::duration_cast<std::chrono::milliseconds>(spent).count() << " ms");
}

TEST_CASE("what the doctor shows is what the agent gets") {
  const auto shown = probe_features(watched_controller());
  auto options = test_options();
  options.l7 = true;
  const auto had = bpf_objects{options}.statuses();
  REQUIRE(shown.size() == had.size());
  for (size_t i = 0; i < had.size(); ++i) {
    CHECK(shown[i].feature == had[i].feature);
    CHECK(shown[i].enabled == had[i].enabled);
    CHECK(shown[i].hook == had[i].hook);
  }
}

TEST_CASE("the maps take less than two megabytes by default") {
  const bpf_objects objects{test_options()};
  uint64_t bytes = 0;
  for (const auto& feature : objects.features()) {
    bpf_map* map = nullptr;
    bpf_object__for_each_map(map, feature.object()) {
      if (objects.map_fd(bpf_map__name(map)) < 0)
        bytes += memory_of(bpf_map__fd(map));
    }
  }
  for (auto* map : objects.shared_maps())
    bytes += memory_of(bpf_map__fd(map));
  MESSAGE("maps: " << bytes << " bytes");
  CHECK(bytes > 0); // Kernels before 6.4 do not count all of it.
  CHECK(bytes < 2U << 20);
}

TEST_CASE("the kernel's types answer what the loader asks") {
  const kernel_btf types;
  REQUIRE(types);
  CHECK(types.has_tracepoint("sched_process_exec"));
  CHECK_FALSE(types.has_tracepoint("no_such_tracepoint"));
  CHECK(types.tracepoint_arguments("inet_sock_set_state") == 3U);
  CHECK(types.enumerator("cgroup_subsys_id", "memory_cgrp_id"));
  CHECK_FALSE(types.enumerator("cgroup_subsys_id", "no_such_cgrp_id"));
}
