// SPDX-License-Identifier: Apache-2.0
// A ring that is too small loses forks and exits. The walk through all processes makes up for that:
// afterwards who lives is known, and who ended has ended, in the eyes of a container.

#include "tests/bpf/watched_kernel.hpp"

#include "actors/bpf_reader/router.hpp"
#include "actors/host/boot_clock.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <set>

using namespace troupe;

namespace {

using pids = std::set<uint32_t>;

constexpr container_key container = 1;

/// What a container makes of the records that reach it.
class container_view final : public router_output {
public:
  void send_batch(container_key, event_batch batch) override {
    for (size_t at = 0; at < batch.records.size();) {
      const auto& record = *reinterpret_cast<const event_header*>(&batch.records[at]);
      note(record);
      at += record.size;
    }
  }
  void cgroup_created(cgroup_found) override {}
  void cgroup_without_path(cgroup_id) override {}
  void cgroup_gone(cgroup_id, uint64_t) override {}
  void container_released(container_key) override {}

  pids alive;
  pids ended;
  size_t ended_unknown_how = 0; ///< their exit was lost

private:
  void note(const event_header& record) {
    if (record.kind == EVENT_PROCESS_EXITED) {
      CHECK(ended.insert(record.pid).second);
      alive.erase(record.pid);
      ended_unknown_how += reinterpret_cast<const process_exited&>(record).exit_code == -1;
    } else {
      alive.insert(record.pid);
    }
  }
};

/// A pipe's write end, as long as its process reads orders from the other.
pid_t fork_idler() {
  const auto pid = fork();
  if (pid == 0) {
    while (true)
      pause();
  }
  return pid;
}

void fork_briefly(int times) {
  for (int i = 0; i < times; ++i) {
    const auto pid = fork();
    if (pid == 0)
      _exit(0);
    waitpid(pid, nullptr, 0);
  }
}

/// Two processes in step, over a socket pair.
class steps {
public:
  steps() { REQUIRE(pipe(to_child_) == 0), REQUIRE(pipe(to_parent_) == 0); }

private:
  int to_child_[2] = {-1, -1};
  int to_parent_[2] = {-1, -1};
};

} // namespace
