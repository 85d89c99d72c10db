// SPDX-License-Identifier: Apache-2.0
// Connection records through the router: bench_router [containers]

#include "actors/bpf_reader/router.hpp"
#include "tests/bpf_reader/records.hpp"

#include <chrono>
#include <cstdio>
#include <cstdlib>

using namespace troupe;

namespace {

/// Grants its credit back at once.
struct swallowing_output final : router_output {
  void send_batch(container_key container, event_batch batch) override {
    events += batch.count;
    owed.push_back(container);
  }
  void cgroup_created(cgroup_found) override {}
  void cgroup_without_path(cgroup_id) override {}
  void cgroup_gone(cgroup_id, uint64_t) override {}
  void container_released(container_key) override {}

  uint64_t events = 0;
  std::vector<container_key> owed;
};

} // namespace

int main(int argc, char** argv) {
  const auto containers = static_cast<uint32_t>(argc > 1 ? std::atoi(argv[1]) : 100);
  swallowing_output output;
  router under_test{{}, output};
  std::vector<test_record> records;
  for (uint32_t i = 1; i <= containers; ++i) {
    under_test.route(1000 + i, i);
    records.push_back(opened(1000 + i));
  }
  constexpr uint64_t rounds = 200;
  constexpr uint64_t a_flush = 20'000;
  const auto begin = std::chrono::steady_clock::now();
  for (uint64_t round = 0; round < rounds; ++round) {
    for (uint64_t i = 0; i < a_flush; ++i)
      under_test.take(records[i * 7 % containers]);
    under_test.flush();
    for (auto container : std::exchange(output.owed, {}))
      under_test.grant(container, 1);
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  std::printf("%u containers: %.1f M events/s, %.1f ns an event, %llu delivered\n", containers,
              static_cast<double>(rounds * a_flush) / took.count() / 1e6,
              took.count() * 1e9 / static_cast<double>(rounds * a_flush),
              static_cast<unsigned long long>(output.events));
}
