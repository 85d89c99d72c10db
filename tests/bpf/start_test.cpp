// SPDX-License-Identifier: Apache-2.0
// The source is opened in the midst of things.
#include "tests/bpf/watched_kernel.hpp"

#include "actors/bpf_reader/process_table.hpp"
#include "actors/host/boot_clock.hpp"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

using namespace troupe;

namespace {

/// Which processes of some cgroups are known, as the reader gets to know them.
class known_processes final : public record_sink {
public:
  explicit known_processes(std::set<cgroup_id> cgroups) : cgroups_{std::move(cgroups)} {}

  void take(const event_header& record) override {
    ++records;
    if (record.kind <= EVENT_PROCESS_FOUND && cgroups_.count(record.cgroup_id) != 0)
      table.note(record);
  }

  process_table table;
  uint64_t records = 0; ///< of all cgroups

private:
  std::set<cgroup_id> cgroups_;
};

/// As fast as it can, until SIGTERM; then no child is left.
int fork_storm() {
  static volatile sig_atomic_t ending = 0;
  signal(SIGTERM, [](int) { ending = 1; });
  while (ending == 0) {
    for (int i = 0; i < 16; ++i)
      if (fork() == 0)
        _exit(0);
    while (waitpid(-1, nullptr, 0) > 0 || errno == EINTR) {
    }
  }
  return 0;
}

/// Moves processes into the cgroup that end meanwhile, or have just ended.
int move_storm(const std::string& procs) {
  static volatile sig_atomic_t ending = 0;
  signal(SIGTERM, [](int) { ending = 1; });
  while (ending == 0) {
    const auto pid = fork();
    if (pid == 0)
      _exit(0);
    std::ofstream{procs} << pid << std::flush;
    waitpid(pid, nullptr, 0);
  }
  return 0;
}

uint32_t program_id(const bpf_program* program) {
  bpf_prog_info info{};
  __u32 size = sizeof(info);
  REQUIRE(bpf_obj_get_info_by_fd(bpf_program__fd(program), &info, &size) == 0);
  return info.id;
}

/// By the programs' names. Links are numbered in the order in which they are made.
std::map<std::string, uint32_t> link_ids(const kernel_source& source) {
  std::map<uint32_t, std::string> names;
  for (const auto& feature : source.objects().features()) {
    bpf_program* program = nullptr;
    bpf_object__for_each_program(program, feature.object()) if (bpf_program__fd(program) >= 0)
        names[program_id(program)] = bpf_program__name(program);
  }
  std::map<std::string, uint32_t> result;
  for (uint32_t id = 0; bpf_link_get_next_id(id, &id) == 0;) {
    const auto fd = bpf_link_get_fd_by_id(id);
    if (fd < 0)
      continue; // Somebody else's, and gone.
    bpf_link_info info{};
    __u32 size = sizeof(info);
    if (bpf_obj_get_info_by_fd(fd, &info, &size) == 0 && names.count(info.prog_id) != 0)
      result[names[info.prog_id]] = id;
    close(fd);
  }
  return result;
}

} // namespace

TEST_CASE("exits are listened for before anything says that a process is there") {
  const kernel_source source{test_options()};
  const auto links = link_ids(source);
  for (const auto* name : {"process_forked", "process_executed", "process_moved"}) {
    INFO(name);
    CHECK(links.at("process_exited") < links.at(name));
  }
}

TEST_CASE("who starts while processes come, move and go knows who is there when it is quiet") {
  const scratch_cgroup cgroup;
  const scratch_cgroup elsewhere;
  const auto procs = cgroup.directory() + "/cgroup.procs";
  const std::vector<pid_t> storms{cgroup.start(fork_storm), cgroup.start(fork_storm),
                                  elsewhere.start([&] { return move_storm(procs); })};
  const auto idler = cgroup.start([] {
    pause();
    return 0;
  });

  auto options = test_options();
  options.ring_bytes = 16U << 20;
  kernel_source source{options};
  known_processes known{{cgroup.id(), elsewhere.id()}};
  for (int i = 0; i < 3; ++i) {
    known.table.begin_walk();
    REQUIRE(source.walk_processes(known));
    const auto enough = known.records + 2000;
    while (known.records < enough)
      source.poll(std::chrono::milliseconds{10}, known);
  }

  for (const auto pid : storms)
    kill(pid, SIGTERM);
  for (const auto pid : storms)
    CHECK(waitpid(pid, nullptr, 0) == pid);
  for (auto before = UINT64_MAX; before != known.records;) {
    before = known.records;
    source.poll(std::chrono::milliseconds{0}, known);
  }
  // Where programs may be preempted (7.x), one that runs meanwhile is missed, and counted. What is
  // lost is never silent, and a walk makes up for it, as the reader's does.
  if (source.lost_lifecycle()) {
    for (const auto& loss : source.losses())
      MESSAGE("lost: ", loss.reason, " ", loss.kind, " ", loss.count);
    known.table.begin_walk();
    REQUIRE(source.walk_processes(known));
    const auto now_ns = boot_time_now_ns();
    CHECK_FALSE(known.table.end_walk(now_ns, now_ns).empty());
  }
  CHECK(known.table.size() == 1);
  kill(idler, SIGKILL);
  waitpid(idler, nullptr, 0);
}
