// SPDX-License-Identifier: Apache-2.0
#include "tests/bpf/tcp_pair.hpp"
#include "tests/bpf/watched_kernel.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>

using namespace troupe;

namespace {

uint64_t lost(kernel_source& source, std::string_view reason, std::string_view kind) {
  uint64_t result = 0;
  for (const auto& x : source.losses())
    if (x.reason == reason && x.kind == kind)
      result += x.count;
  return result;
}

kernel_options tiny_ring() {
  auto options = test_options();
  options.ring_bytes = 16U << 10;
  return options;
}

} // namespace

TEST_CASE("what does not fit into the ring is counted, event by event") {
  watched_kernel kernel{tiny_ring()};
  constexpr size_t forks = 400; // 64 bytes each and as much for the exit: three times the ring.
  kernel.cgroup.run([] {
    for (size_t i = 0; i < forks; ++i) {
      const auto pid = fork();
      if (pid == 0)
        _exit(0);
      waitpid(pid, nullptr, 0);
    }
    return 0;
  });
  kernel.read_rest();
  const auto forked = kernel.records.count(EVENT_PROCESS_FORKED);
  const auto exited = kernel.records.count(EVENT_PROCESS_EXITED);
  CHECK(forked < forks);
  // Others on this machine may lose as well, so not less than what is missing here.
  CHECK(lost(kernel.source, "ring_full", "process_forked") >= forks - forked);
  CHECK(lost(kernel.source, "ring_full", "process_exited") >= forks + 1 - exited);
  CHECK(kernel.source.lost_lifecycle());
  CHECK_FALSE(kernel.source.lost_lifecycle());
}

TEST_CASE("data leaves the last quarter of the ring to lifecycle events") {
  watched_kernel kernel{tiny_ring()};
  constexpr size_t connections = 200;
  kernel.cgroup.run([] {
    tcp_listener listener;
    for (size_t i = 0; i < connections; ++i)
      tcp_pair{listener};
    return 9;
  });
  kernel.read_rest();
  const auto opened = kernel.records.count(EVENT_TCP_OPENED);
  const auto closed = kernel.records.count(EVENT_TCP_CLOSED);
  CHECK(opened < 2 * connections);
  CHECK(lost(kernel.source, "ring_share", "tcp_opened") >= 2 * connections - opened);
  CHECK(lost(kernel.source, "ring_share", "tcp_closed") >= 2 * connections - closed);
  CHECK(lost(kernel.source, "ring_full", "process_exited") == 0);
  const auto exited = kernel.records.all<process_exited>(EVENT_PROCESS_EXITED);
  REQUIRE(exited.size() == 1);
  CHECK(exited[0].exit_code == 9);
}
