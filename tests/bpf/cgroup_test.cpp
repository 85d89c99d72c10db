// SPDX-License-Identifier: Apache-2.0
#include "tests/bpf/watched_kernel.hpp"

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <string>

using namespace troupe;

namespace {

/// Everything that concerns cgroups below one path.
class kept_paths final : public record_sink {
public:
  void take(const event_header& record) override {
    if (record.kind == EVENT_CGROUP_CREATED) {
      const auto& created = reinterpret_cast<const cgroup_event&>(record);
      paths.emplace_back(reinterpret_cast<const char*>(&created + 1), created.path_size);
      ids.push_back(record.cgroup_id);
      times.push_back(record.time_ns);
    } else if (record.kind == EVENT_CGROUP_REMOVED) {
      removed.push_back(record.cgroup_id);
    }
  }

  std::vector<std::string> paths;
  std::vector<cgroup_id> ids;
  std::vector<uint64_t> times;
  std::vector<cgroup_id> removed;
};

} // namespace

TEST_CASE("a cgroup's creation names it before its first process, and its removal comes last") {
  kernel_source source{test_options()};
  kept_paths seen;
  kept_records records;
  std::string path;
  cgroup_id id = 0;
  {
    scratch_cgroup cgroup;
    path = cgroup.path();
    id = cgroup.id();
    CHECK(cgroup.run([] { return 0; }) == 0);
  }
  source.poll(std::chrono::milliseconds{50}, seen);
  const auto created = std::find(seen.paths.begin(), seen.paths.end(), path);
  REQUIRE(created != seen.paths.end());
  CHECK(seen.ids[static_cast<size_t>(created - seen.paths.begin())] == id);
  CHECK(std::count(seen.paths.begin(), seen.paths.end(), path) == 1);
  CHECK(std::count(seen.removed.begin(), seen.removed.end(), id) == 1);
}

TEST_CASE("a long and nested path is whole") {
  kernel_source source{test_options()};
  kept_paths seen;
  scratch_cgroup cgroup;
  const auto name = std::string(200, 'n');
  std::string directory = cgroup.directory();
  std::string path = cgroup.path();
  std::vector<std::string> made;
  for (int i = 0; i < 3; ++i) {
    directory += "/" + name;
    path += "/" + name;
    REQUIRE(mkdir(directory.c_str(), 0755) == 0);
    made.push_back(directory);
  }
  source.poll(std::chrono::milliseconds{50}, seen);
  CHECK(std::count(seen.paths.begin(), seen.paths.end(), path) == 1);
  for (auto i = made.rbegin(); i != made.rend(); ++i)
    rmdir(i->c_str());
}

TEST_CASE("a process that moves is told with where it is now, also into an ignored cgroup") {
  watched_kernel kernel;
  scratch_cgroup other;
  kernel.records.keep(other.id());
  kernel.source.set_ignored(other.id(), true);
  const auto pid = kernel.cgroup.start([] {
    pause();
    return 0;
  });
  other.take_in(pid);
  kernel.cgroup.take_in(pid);
  kill(pid, SIGKILL);
  waitpid(pid, nullptr, 0);
  REQUIRE(kernel.await_count(EVENT_PROCESS_EXITED, 1));
  const auto moved = kernel.records.all<process_moved>(EVENT_PROCESS_MOVED);
  REQUIRE(moved.size() == 3);
  CHECK(moved[0].header.cgroup_id == kernel.cgroup.id());
  CHECK(moved[1].header.cgroup_id == other.id());
  CHECK(moved[2].header.cgroup_id == kernel.cgroup.id());
  for (const auto& x : moved)
    CHECK(x.header.pid == static_cast<uint32_t>(pid));
}

TEST_CASE("the move of a process that has ended is none") {
  watched_kernel kernel;
  const auto pid = fork();
  if (pid == 0)
    _exit(0);
  siginfo_t ended{};
  REQUIRE(waitid(P_PID, static_cast<id_t>(pid), &ended, WEXITED | WNOWAIT) == 0);
  kernel.cgroup.take_in(pid); // The kernel says that it has done it.
  waitpid(pid, nullptr, 0);
  CHECK(kernel.cgroup.run([] { return 0; }) == 0);
  REQUIRE(kernel.await_count(EVENT_PROCESS_EXITED, 1));
  CHECK(kernel.records.count(EVENT_PROCESS_MOVED) == 1);
}

TEST_CASE("an ignored cgroup's processes are not told, until it is wanted again") {
  watched_kernel kernel;
  kernel.source.set_ignored(kernel.cgroup.id(), true);
  kernel.cgroup.run([] { return 0; });
  kernel.read_rest();
  CHECK(kernel.records.count(EVENT_PROCESS_EXITED) == 0);
  kernel.source.set_ignored(kernel.cgroup.id(), false);
  kernel.cgroup.run([] { return 0; });
  CHECK(kernel.await_count(EVENT_PROCESS_EXITED, 1));
}

TEST_CASE("without a controller the unified hierarchy's cgroups are meant, and only they") {
  REQUIRE_FALSE(unified_mount().empty());
  kernel_options options;
  kernel_source source{options};
  kept_paths seen;
  const scratch_cgroup unified{unified_mount()};
  kept_records records;
  records.keep(unified.id());
  CHECK(WEXITSTATUS(unified.run([] { return 4; })) == 4);
  if (!watched_controller().empty()) {
    const scratch_cgroup elsewhere;
    source.poll(std::chrono::milliseconds{50}, seen);
    CHECK(std::count(seen.paths.begin(), seen.paths.end(), unified.path()) == 1);
    CHECK(std::count(seen.paths.begin(), seen.paths.end(), elsewhere.path()) == 0);
  }
  CHECK(WEXITSTATUS(unified.run([] { return 5; })) == 5);
  source.poll(std::chrono::milliseconds{50}, records);
  const auto exited = records.all<process_exited>(EVENT_PROCESS_EXITED);
  REQUIRE_FALSE(exited.empty());
  CHECK(exited.back().exit_code == 5);
  CHECK(records.count(EVENT_PROCESS_MOVED) >= 1);
}
