// SPDX-License-Identifier: Apache-2.0
#include "tests/bpf/scratch_cgroup.hpp"

#include "actors/host/cgroup_hierarchy.hpp"

#include <doctest/doctest.h>

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <fstream>
#include <iterator>
#include <thread>

namespace troupe {

namespace {

cgroup_hierarchy watched_hierarchy() {
  const auto found = find_cgroup_hierarchy("", "");
  REQUIRE(found);
  return *found;
}

} // namespace

std::string watched_controller() {
  return watched_hierarchy().controller;
}

std::string unified_mount() {
  std::ifstream file{"/proc/self/mountinfo"};
  const std::string text{std::istreambuf_iterator<char>{file}, {}};
  for (const auto& mount : parse_cgroup_mounts(text))
    if (mount.unified && mount.root == "/")
      return mount.point;
  return {};
}

scratch_cgroup::scratch_cgroup() : scratch_cgroup{watched_hierarchy().mount} {}

scratch_cgroup::scratch_cgroup(const std::string& mount) {
  static std::atomic<int> number = 0;
  path_ = "/troupe_test_" + std::to_string(getpid()) + "_" + std::to_string(++number);
  directory_ = mount + path_;
  REQUIRE(mkdir(directory_.c_str(), 0755) == 0);
  struct stat status {};
  REQUIRE(stat(directory_.c_str(), &status) == 0);
  id_ = status.st_ino;
}

scratch_cgroup::~scratch_cgroup() {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{5};
  while (rmdir(directory_.c_str()) != 0 && std::chrono::steady_clock::now() < deadline) {
    std::ifstream processes{directory_ + "/cgroup.procs"};
    for (pid_t pid = 0; processes >> pid;)
      kill(pid, SIGKILL);
    std::this_thread::yield();
  }
}

void scratch_cgroup::take_in(pid_t pid) const {
  std::ofstream processes{directory_ + "/cgroup.procs"};
  processes << pid << std::flush;
  REQUIRE(processes.good());
}

pid_t scratch_cgroup::start(const std::function<int()>& work) const {
  int gate[2];
  REQUIRE(pipe(gate) == 0);
  const auto pid = fork();
  REQUIRE(pid >= 0);
  if (pid == 0) {
    close(gate[1]);
    char go = 0;
    const auto opened = read(gate[0], &go, 1) == 1;
    close(gate[0]);
    _exit(opened ? work() : 99);
  }
  close(gate[0]);
  take_in(pid);
  REQUIRE(write(gate[1], "g", 1) == 1);
  close(gate[1]);
  return pid;
}

int scratch_cgroup::run(const std::function<int()>& work) const {
  int status = 0;
  const auto pid = start(work);
  REQUIRE(waitpid(pid, &status, 0) == pid);
  return status;
}

} // namespace troupe
