// SPDX-License-Identifier: Apache-2.0
#include "tests/bpf/tcp_pair.hpp"
#include "tests/bpf/tiny_ring.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <string>

using namespace troupe;

namespace {

void fork_and_execute(size_t times) {
  for (size_t i = 0; i < times; ++i) {
    const auto pid = fork();
    if (pid == 0) {
      execl("/bin/true", "true", nullptr);
      _exit(98);
    }
    waitpid(pid, nullptr, 0);
  }
}

void connect_and_close(size_t times) {
  const tcp_listener listener;
  for (size_t i = 0; i < times; ++i) {
    const tcp_pair pair{listener};
    pair.client.send_bytes(1);
    pair.server.receive_bytes(1);
  }
}

/// Reads as long as the process lives, and then what is left.
void read_until_end(tiny_ring& kernel, pid_t pid) {
  while (waitpid(pid, nullptr, WNOHANG) == 0)
    kernel.source.poll(std::chrono::milliseconds{1}, kernel.records);
  kernel.read_all();
}

} // namespace

TEST_CASE("what does not fit into the ring is counted, event by event and kind by kind") {
  tiny_ring kernel;
  constexpr size_t forks = 400; // Many times the ring.
  kernel.cgroup.run([] {
    fork_and_execute(forks);
    return 0;
  });
  kernel.read_all();
  CHECK(kernel.records.count(EVENT_PROCESS_FORKED) < forks);
  CHECK(kernel.arrived_and_lost(EVENT_PROCESS_MOVED) == 1);
  CHECK(kernel.arrived_and_lost(EVENT_PROCESS_FORKED) == forks);
  CHECK(kernel.arrived_and_lost(EVENT_PROCESS_EXECUTED) == forks);
  CHECK(kernel.arrived_and_lost(EVENT_PROCESS_EXITED) == forks + 1);
  CHECK(kernel.lost(EVENT_PROCESS_EXITED) == kernel.lost(EVENT_PROCESS_EXITED, "ring_full"));
  CHECK(kernel.source.lost_lifecycle());
  CHECK_FALSE(kernel.source.lost_lifecycle());
}

TEST_CASE("data leaves the last quarter of the ring to lifecycle events") {
  tiny_ring kernel;
  constexpr size_t connections = 200;
  kernel.cgroup.run([] {
    connect_and_close(connections);
    return 9;
  });
  kernel.read_all();
  CHECK(kernel.records.count(EVENT_TCP_OPENED) < 2 * connections);
  CHECK(kernel.arrived_and_lost(EVENT_TCP_OPENED) == 2 * connections);
  CHECK(kernel.arrived_and_lost(EVENT_TCP_CLOSED) == 2 * connections);
  CHECK(kernel.arrived_and_lost(EVENT_TCP_LISTEN_OPENED) == 1);
  CHECK(kernel.arrived_and_lost(EVENT_TCP_LISTEN_CLOSED) == 1);
  for (auto kind : {EVENT_TCP_OPENED, EVENT_TCP_CLOSED, EVENT_TCP_LISTEN_CLOSED})
    CHECK(kernel.lost(kind) == kernel.lost(kind, "ring_share"));
  CHECK_FALSE(kernel.source.lost_lifecycle());
  const auto exited = kernel.records.all<process_exited>(EVENT_PROCESS_EXITED);
  REQUIRE(exited.size() == 1);
  CHECK(exited[0].exit_code == 9);
}

TEST_CASE("a ring that overflows while it is read loses exactly what it counts") {
  tiny_ring kernel;
  constexpr size_t rounds = 20;
  constexpr size_t forks = 60;
  constexpr size_t connections = 60;
  const auto pid = kernel.cgroup.start([] {
    for (size_t i = 0; i < rounds; ++i) {
      fork_and_execute(forks);
      connect_and_close(connections);
    }
    return 0;
  });
  read_until_end(kernel, pid);
  CHECK(kernel.arrived_and_lost(EVENT_PROCESS_FORKED) == rounds * forks);
  CHECK(kernel.arrived_and_lost(EVENT_PROCESS_EXECUTED) == rounds * forks);
  CHECK(kernel.arrived_and_lost(EVENT_PROCESS_EXITED) == rounds * forks + 1);
  CHECK(kernel.arrived_and_lost(EVENT_TCP_OPENED) == rounds * connections * 2);
  CHECK(kernel.arrived_and_lost(EVENT_TCP_CLOSED) == rounds * connections * 2);
  CHECK(kernel.arrived_and_lost(EVENT_TCP_LISTEN_OPENED) == rounds);
  CHECK(kernel.arrived_and_lost(EVENT_TCP_LISTEN_CLOSED) == rounds);
}

TEST_CASE("who closed a connection before anybody looked has lost nothing") {
  const tcp_listener listener;
  tcp_pair pair{listener};
  const std::string bytes(1 << 16, 'x');
  while (send(pair.client.fd(), bytes.data(), bytes.size(), MSG_DONTWAIT) > 0) {
  }
  pair.client.close(); // And waits, in the kernel alone, for room at the other end.
  tiny_ring kernel;
  pair.server.close();
  kernel.read_all();
  CHECK(kernel.lost(EVENT_TCP_CLOSED, "owner_unknown") == 0);
}
