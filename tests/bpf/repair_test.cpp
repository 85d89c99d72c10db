// SPDX-License-Identifier: Apache-2.0
#include "tests/bpf/gate.hpp"
#include "tests/bpf/tiny_ring.hpp"

#include "actors/bpf_reader/router.hpp"
#include "actors/host/boot_clock.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <fstream>
#include <iterator>
#include <set>

using namespace troupe;

namespace {

using pids = std::set<uint32_t>;

constexpr size_t idlers = 100;
constexpr size_t killed = 50;
constexpr size_t late_idlers = 60;
constexpr size_t short_lives = 400; // More than twice the ring.

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

  pids seen;
  pids alive;
  pids ended;
  size_t ended_unseen = 0; ///< their exit was lost

private:
  void note(const event_header& record) {
    if (record.kind == EVENT_PROCESS_EXITED) {
      CHECK(ended.insert(record.pid).second);
      CHECK(alive.erase(record.pid) == 1);
      ended_unseen += reinterpret_cast<const process_exited&>(record).exit_code == -1;
    } else {
      CHECK(alive.insert(record.pid).second);
      seen.insert(record.pid);
    }
  }
};

pids processes_of(const scratch_cgroup& cgroup) {
  std::ifstream file{cgroup.directory() + "/cgroup.procs"};
  return {std::istream_iterator<uint32_t>{file}, {}};
}

std::vector<pid_t> fork_idlers(size_t count) {
  std::vector<pid_t> result;
  for (size_t i = 0; i < count; ++i) {
    const auto pid = fork();
    if (pid == 0)
      while (true)
        pause();
    result.push_back(pid);
  }
  return result;
}

void end(pid_t pid) {
  kill(pid, SIGKILL);
  waitpid(pid, nullptr, 0);
}

/// Forks and kills so much that the ring overflows, and nothing after that is told.
void lose_much(const std::vector<pid_t>& from) {
  for (size_t i = 0; i < short_lives; ++i) {
    const auto pid = fork();
    if (pid == 0)
      _exit(0);
    waitpid(pid, nullptr, 0);
  }
  std::for_each(from.begin(), from.begin() + killed, end);
  fork_idlers(late_idlers);
}

} // namespace

TEST_CASE("after an overflow a walk repairs: who lives is known, and who ended has ended") {
  tiny_ring kernel;
  container_view view;
  router routes{{}, view};
  routes.route(kernel.cgroup.id(), 1);
  const gate done;
  const gate go;
  const auto pid = kernel.cgroup.start([&] {
    const auto first = fork_idlers(idlers);
    done.open();
    go.pass();
    lose_much(first);
    done.open();
    pause();
    return 0;
  });
  const auto read = [&] {
    kernel.source.poll(std::chrono::milliseconds{0}, routes);
    routes.flush();
  };
  const auto walk = [&] {
    const auto begun_ns = boot_time_now_ns();
    routes.begin_walk();
    REQUIRE(kernel.source.walk_processes(routes));
    routes.end_walk(begun_ns, boot_time_now_ns());
    routes.flush();
  };

  done.pass();
  read();
  CHECK(view.alive.size() == idlers + 1);
  CHECK(view.alive == processes_of(kernel.cgroup));
  CHECK_FALSE(kernel.source.lost_lifecycle());

  go.open();
  done.pass();
  read();
  const auto living = processes_of(kernel.cgroup);
  CHECK(living.size() == idlers + 1 - killed + late_idlers);
  CHECK(kernel.source.lost_lifecycle());
  const auto forks_told = view.seen.size() - (idlers + 1);
  CHECK(kernel.lost(EVENT_PROCESS_FORKED) == short_lives + late_idlers - forks_told);
  // Of the short lives the last one's exit may be missing as well.
  const auto wrongly_alive = killed + (view.alive.size() - (idlers + 1));

  walk();
  CHECK(view.alive == living);
  CHECK(view.ended_unseen == wrongly_alive);
  pids gone;
  std::set_difference(view.seen.begin(), view.seen.end(), living.begin(), living.end(),
                      std::inserter(gone, gone.end()));
  CHECK(view.ended == gone);

  walk(); // There is nothing more to find: the view checks that it hears of nobody twice.
  CHECK(view.alive == living);
  CHECK(view.ended == gone);
  CHECK_FALSE(kernel.source.lost_lifecycle());
  end(pid);
}
