// SPDX-License-Identifier: Apache-2.0

#include "actors/host/cgroup_limits.hpp"
#include "tests/host/temporary_tree.hpp"

#include <unistd.h>

using namespace troupe;

TEST_CASE("cgroup limits: v2, the tightest of the cgroup and those above it") {
  temporary_tree tree;
  tree.write("/cg/pod/app/memory.max", "67108864\n");
  tree.write("/cg/pod/app/memory.current", "4096\n");
  tree.write("/cg/pod/app/cpu.max", "max 100000\n");
  tree.write("/cg/pod/app/pids.max", "max\n");
  tree.write("/cg/pod/app/pids.current", "3\n");
  tree.write("/cg/pod/memory.max", "33554432\n");
  tree.write("/cg/pod/cpu.max", "150000 100000\n");
  tree.write("/cg/pod/pids.max", "max\n");
  const std::vector<cgroup_mount> mounts{{"/", tree.path("/cg"), true, {}}};
  CHECK(read_cgroup_limits(mounts, "0::/pod/app\n")
        == cgroup_limits{33554432, 4096, 1500, std::nullopt, 3});
  CHECK(read_cgroup_limits(mounts, "0::/../app\n") == cgroup_limits{});
  CHECK(read_cgroup_limits(mounts, "") == cgroup_limits{});
}

TEST_CASE("cgroup limits: v1's files, each in its controller's hierarchy") {
  temporary_tree tree;
  tree.write("/memory/docker/x/memory.limit_in_bytes", "67108864\n");
  tree.write("/memory/docker/memory.limit_in_bytes", "9223372036854771712\n");
  tree.write("/memory/docker/x/memory.usage_in_bytes", "8192\n");
  tree.write("/cpu/docker/x/cpu.cfs_quota_us", "50000\n");
  tree.write("/cpu/docker/x/cpu.cfs_period_us", "100000\n");
  tree.write("/cpu/docker/cpu.cfs_quota_us", "-1\n");
  tree.write("/cpu/docker/cpu.cfs_period_us", "100000\n");
  tree.write("/pids/x/pids.max", "50\n");
  tree.write("/pids/x/pids.current", "2\n");
  const std::vector<cgroup_mount> mounts{
      {"/", tree.path("/memory"), false, {"memory"}},
      {"/", tree.path("/cpu"), false, {"cpu", "cpuacct"}},
      {"/docker", tree.path("/pids"), false, {"pids"}}, // Only a part of it is mounted.
      {"/", tree.path("/systemd"), false, {}},
      {"/", tree.path("/unified"), true, {}},
  };
  CHECK(read_cgroup_limits(mounts, "4:memory:/docker/x\n2:cpu,cpuacct:/docker/x\n"
                                   "3:pids:/docker/x\n0::/docker/x\n")
        == cgroup_limits{67108864, 8192, 500, 50, 2});
}

TEST_CASE("cgroup limits: of ourselves, on this machine") {
  CHECK_FALSE(read_cgroup_mounts("").empty());
  CHECK(read_cgroup_limits_of("", uint32_t(getpid())).memory_current_bytes.value_or(1) > 0);
  CHECK(read_cgroup_limits_of("/nowhere", 1) == cgroup_limits{});
}
