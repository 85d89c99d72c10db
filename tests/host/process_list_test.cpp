// SPDX-License-Identifier: Apache-2.0

#include "actors/host/boot_clock.hpp"
#include "actors/host/process_list.hpp"
#include "tests/host/temporary_tree.hpp"

#include <algorithm>

#include <sys/wait.h>
#include <unistd.h>

using namespace troupe;

namespace {

constexpr auto stat_of_7 =
    "7 (my (odd)\n name) S 1 7 7 0 -1 4194560 88 0 0 0 150 50 0 0 20 0 3 0 1234 6737920 100 "
    "18446744073709551615 1 1 0\n";

void write_process_7(const temporary_tree& tree) {
  tree.write("/proc/7/stat", stat_of_7);
  tree.write("/proc/7/status", "Name:\tx\nState:\tS (sleeping)\nUid:\t0\t1000\t0\t0\nGid:\t0\n");
  tree.write("/proc/7/cgroup", "4:memory:/docker/0123\n2:cpu,cpuacct:/x\n0::/docker/unified\n");
  tree.write("/proc/7/cmdline", std::string{"nginx: worker\0--flag\0\0\0", 24});
}

} // namespace

TEST_CASE("process list: what /proc says of a process") {
  temporary_tree tree;
  write_process_7(tree);
  const auto x = read_process(tree.root(), 7, "memory");
  REQUIRE(x);
  const auto tick_ns = 1'000'000'000U / static_cast<uint64_t>(sysconf(_SC_CLK_TCK));
  CHECK(x->id == process_id{7, 1234 * tick_ns});
  CHECK(x->parent == 1);
  CHECK(x->user == 1000);
  CHECK(x->threads == 3);
  CHECK(x->state == 'S');
  CHECK_FALSE(x->of_kernel);
  CHECK(x->resident_bytes == 100U * static_cast<uint64_t>(sysconf(_SC_PAGESIZE)));
  CHECK(x->cpu_time_ns == 200 * tick_ns);
  CHECK(x->comm == "my (odd)\n name");
  CHECK(x->arguments == std::vector<std::string>{"nginx: worker", "--flag"});
  CHECK(x->cgroup_path == "/docker/0123");
  CHECK(read_process(tree.root(), 7, "cpuacct")->cgroup_path == "/x");
  CHECK(read_process(tree.root(), 7, "")->cgroup_path == "/docker/unified");
  CHECK(read_process(tree.root(), 7, "pids")->cgroup_path.empty());
}

TEST_CASE("process list: all of a tree, by pid; what is no process is passed over") {
  temporary_tree tree;
  write_process_7(tree);
  tree.write("/proc/12/stat", "12 (a) Z 7 7 7 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 99 0 0 0\n");
  tree.write("/proc/3/stat", "garbage");
  tree.write("/proc/4/stat", "5 (another's) S 1 7 7 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 99 0 0 0\n");
  tree.make_directory("/proc/11"); // Ended since the folder was read.
  tree.write("/proc/uptime", "1 1");
  const auto listing = read_processes(tree.root(), "memory");
  CHECK(listing.complete);
  REQUIRE(listing.processes.size() == 2);
  CHECK(listing.processes[0].id.pid == 7);
  CHECK(listing.processes[1].id.pid == 12);
  CHECK(listing.processes[1].arguments.empty());
  const auto cut = read_processes(tree.root(), "memory", {.processes = 1});
  CHECK(cut.processes.size() == 1);
  CHECK_FALSE(cut.complete);
}

TEST_CASE("process list: arguments are bounded") {
  temporary_tree tree;
  write_process_7(tree);
  tree.write("/proc/7/cmdline", std::string(100'000, 'x'));
  const auto x = read_process(tree.root(), 7, "", {.argument_bytes = 10});
  REQUIRE(x);
  CHECK(x->arguments == std::vector<std::string>{"xxxxxxxxxx"});
}

TEST_CASE("process list: a cgroup that is removed has its path") {
  CHECK(cgroup_path_in("0::/docker/x (deleted)\n", "") == "/docker/x");
  CHECK(cgroup_path_in("1:name=systemd:/a\n3:cpu:/with:colon\n", "cpu") == "/with:colon");
  CHECK(cgroup_path_in("3:cpu", "cpu").empty());
}

TEST_CASE("process list: this machine's, with ourselves and a child that has ended") {
  const auto child = fork();
  REQUIRE(child >= 0);
  if (child == 0)
    _exit(0);
  siginfo_t ended{};
  REQUIRE(waitid(P_PID, static_cast<id_t>(child), &ended, WEXITED | WNOWAIT) == 0);
  const auto listing = read_processes("", "");
  const auto find = [&](pid_t pid) {
    return std::find_if(listing.processes.begin(), listing.processes.end(),
                        [&](const process_info& x) { return x.id.pid == uint32_t(pid); });
  };
  const auto self = find(getpid());
  REQUIRE(self != listing.processes.end());
  CHECK(self->parent == uint32_t(getppid()));
  CHECK(self->user == geteuid());
  CHECK(self->comm == "host_plain_test");
  CHECK(self->resident_bytes > 0);
  CHECK(self->id.start_boottime_ns <= boot_time_now_ns());
  const auto zombie = find(child);
  REQUIRE(zombie != listing.processes.end());
  CHECK(zombie->state == 'Z');
  CHECK(zombie->parent == uint32_t(getpid()));
  REQUIRE(waitpid(child, nullptr, 0) == child);
}
