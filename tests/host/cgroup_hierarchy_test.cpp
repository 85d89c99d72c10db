// SPDX-License-Identifier: Apache-2.0

#include "actors/host/cgroup_hierarchy.hpp"
#include "tests/host/temporary_tree.hpp"

using namespace troupe;

namespace {

// Recorded from machines of each kind.
const std::string unified = "25 30 0:23 / /sys rw,nosuid shared:7 - sysfs sysfs rw\n"
                            "34 25 0:29 / /sys/fs/cgroup rw,nosuid,nodev,noexec,relatime shared:9 "
                            "- cgroup2 cgroup2 rw,nsdelegate,memory_recursiveprot\n";
const std::string hybrid =
    "30 25 0:26 / /sys/fs/cgroup ro,nosuid,nodev,noexec shared:9 - tmpfs tmpfs ro,mode=755\n"
    "31 30 0:27 / /sys/fs/cgroup/unified rw,nosuid shared:10 - cgroup2 cgroup2 rw,nsdelegate\n"
    "32 30 0:28 / /sys/fs/cgroup/systemd rw,nosuid shared:11 - cgroup cgroup rw,name=systemd\n"
    "35 30 0:31 / /sys/fs/cgroup/cpu,cpuacct rw,nosuid shared:15 - cgroup cgroup rw,cpu,cpuacct\n"
    "36 30 0:32 / /sys/fs/cgroup/memory rw,nosuid shared:16 - cgroup cgroup rw,memory\n"
    "37 30 0:33 / /sys/fs/cgroup/pids rw,nosuid shared:17 - cgroup cgroup rw,pids\n";

struct machine : temporary_tree {
  explicit machine(const std::string& mountinfo) {
    write("/proc/1/mountinfo", mountinfo);
    for (const auto& mount : parse_cgroup_mounts(mountinfo))
      make_directory(mount.point);
  }
};

} // namespace

TEST_CASE("cgroup hierarchy: a pure v2 machine") {
  machine host{unified};
  CHECK(find_cgroup_hierarchy(host.root(), "")
        == cgroup_hierarchy{host.path("/sys/fs/cgroup"), ""});
}

TEST_CASE("cgroup hierarchy: on a hybrid machine containers are in the memory controller's") {
  machine host{hybrid};
  CHECK(find_cgroup_hierarchy(host.root(), "")
        == cgroup_hierarchy{host.path("/sys/fs/cgroup/memory"), "memory"});
}

TEST_CASE("cgroup hierarchy: without memory and pids it is cpu, mounted together with another") {
  auto mounts = hybrid.substr(0, hybrid.find("36 30"));
  machine host{mounts};
  CHECK(find_cgroup_hierarchy(host.root(), "")
        == cgroup_hierarchy{host.path("/sys/fs/cgroup/cpu,cpuacct"), "cpu"});
}

TEST_CASE("cgroup hierarchy: a v1 hierarchy without a controller holds no containers") {
  machine host{hybrid.substr(0, hybrid.find("35 30"))};
  CHECK(find_cgroup_hierarchy(host.root(), "")->controller == "");
}

TEST_CASE("cgroup hierarchy: a mount of the whole is better than one of a part") {
  machine host{"40 30 0:29 /docker/x /some/where rw - cgroup2 cgroup2 rw\n" + unified};
  CHECK(find_cgroup_hierarchy(host.root(), "")->mount == host.path("/sys/fs/cgroup"));
}

TEST_CASE("cgroup hierarchy: a mount that cannot be entered is passed over") {
  machine host{"39 30 0:29 / /gone rw - cgroup2 cgroup2 rw\n" + unified};
  std::filesystem::remove(host.path("/gone"));
  CHECK(find_cgroup_hierarchy(host.root(), "")->mount == host.path("/sys/fs/cgroup"));
}

TEST_CASE("cgroup hierarchy: a root that somebody names is judged by its content") {
  temporary_tree tree;
  tree.write("/v2/cgroup.controllers", "cpu memory");
  CHECK(find_cgroup_hierarchy("/nowhere", tree.path("/v2/"))
        == cgroup_hierarchy{tree.path("/v2"), ""});
  tree.write("/v1/pids/cgroup.procs", "1");
  tree.write("/v1/cpu,cpuacct/cgroup.procs", "1");
  CHECK(find_cgroup_hierarchy("/nowhere", tree.path("/v1"))
        == cgroup_hierarchy{tree.path("/v1/pids"), "pids"});
  CHECK(find_cgroup_hierarchy("/nowhere", tree.path("/v1/cpu,cpuacct"))
        == cgroup_hierarchy{tree.path("/v1/cpu,cpuacct"), "cpu"});
  tree.make_directory("/empty");
  CHECK_FALSE(find_cgroup_hierarchy("", tree.path("/empty")));
  CHECK_FALSE(find_cgroup_hierarchy("", tree.path("/missing")));
}

TEST_CASE("cgroup hierarchy: a host without its process table and its mounts is not found") {
  temporary_tree tree;
  CHECK_FALSE(find_cgroup_hierarchy(tree.root(), ""));
}

TEST_CASE("cgroup hierarchy: mount points with blanks are unescaped, broken lines passed over") {
  const auto mounts = parse_cgroup_mounts("1 2 0:1 / /a\\040b\\134c rw - cgroup cgroup rw,pids\n"
                                          "garbage\n"
                                          "- - - - - - - -\n"
                                          "1 2 0:1 / /x rw - cgroup2\n"
                                          "\n\n   \n"
                                          "1 2 0:1 / /y rw shared:1 master:2 - cgroup2 none rw");
  CHECK(mounts
        == std::vector<cgroup_mount>{{"/", "/a b\\c", false, {"pids"}}, {"/", "/y", true, {}}});
}
