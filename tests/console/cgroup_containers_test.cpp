// SPDX-License-Identifier: Apache-2.0
#include "actors/console/cgroup_containers.hpp"

#include "actors/host/boot_clock.hpp"
#include "actors/host/cgroup_walk.hpp"
#include "tests/host/temporary_tree.hpp"

#include <doctest/doctest.h>

#include <cstdlib>

using namespace troupe;

namespace {

/// A machine with cgroups below /sys/fs/cgroup and processes in /proc.
struct machine {
  machine() { tree.make_directory("/sys/fs/cgroup"); }

  void cgroup(const std::string& path, std::string_view procs = "") const {
    tree.write("/sys/fs/cgroup" + path + "/cgroup.procs", procs);
  }
  void process(uint32_t pid, uint64_t start_ticks, const std::string& name = "init") const {
    tree.write("/proc/" + std::to_string(pid) + "/stat",
               std::to_string(pid) + " (" + name
                   + ") S 1 1 1 0 -1 4194560 100 0 0 0 1 2 0 0 20 0 1 0 "
                   + std::to_string(start_ticks) + " 1000 200 18446744073709551615\n");
  }
  [[nodiscard]] std::vector<container_metadata>
  containers(const cgroup_container_choice& choice = {}) const {
    const cgroup_hierarchy hierarchy{tree.path("/sys/fs/cgroup"), ""};
    return cgroup_containers(hierarchy, walk_cgroups(hierarchy), tree.root(), choice);
  }
  [[nodiscard]] std::vector<std::string> ids(const cgroup_container_choice& choice = {}) const {
    std::vector<std::string> result;
    for (const auto& x : containers(choice))
      result.push_back(x.id);
    std::sort(result.begin(), result.end());
    return result;
  }

  temporary_tree tree;
};

using ids = std::vector<std::string>;

} // namespace

TEST_CASE("cgroup containers: an LXC container's init is its oldest process, wherever it sits") {
  const machine host;
  host.cgroup("/lxc.payload.web");
  host.cgroup("/lxc.payload.web/init.scope", "700\n");
  host.cgroup("/lxc.payload.web/system.slice/cron.service", "300\n800\n");
  host.cgroup("/lxc.monitor.web", "650\n");
  host.process(300, 9000, "cron"); // Its pid is lower, since pids come round.
  host.process(700, 1250);
  host.process(800, 9100, "a) R (b");
  const auto found = host.containers();
  REQUIRE(found.size() == 1);
  CHECK(found[0].runtime == runtime_kind::lxc);
  CHECK(found[0].id == "web");
  CHECK(found[0].name == "web");
  CHECK(found[0].state == container_state::running);
  CHECK(found[0].pid == 700);
  CHECK(found[0].details->cgroup_path == "/lxc.payload.web");
  // 1250 ticks of a hundredth of a second, give or take what the clocks did meanwhile.
  CHECK(std::abs(found[0].started_ns - to_unix_ns(12'500'000'000)) < 100'000'000);
}

TEST_CASE("cgroup containers: nspawn's machine is what is in its payload") {
  const machine host;
  host.cgroup("/machine.slice/machine-deb.scope/supervisor", "40\n");
  host.cgroup("/machine.slice/machine-deb.scope/payload", "41\n");
  host.process(40, 100, "systemd-nspawn");
  host.process(41, 110);
  const auto found = host.containers();
  REQUIRE(found.size() == 1);
  CHECK(found[0].runtime == runtime_kind::nspawn);
  CHECK(found[0].id == "deb");
  CHECK(found[0].pid == 41);
}

TEST_CASE("cgroup containers: no process, no start; a frozen one is paused") {
  const machine host;
  host.cgroup("/lxc/empty");
  host.cgroup("/lxc/held", "50\n");
  host.process(50, 100);
  host.tree.write("/sys/fs/cgroup/lxc/held/cgroup.events", "populated 1\nfrozen 1\n");
  const auto found = host.containers();
  REQUIRE(found.size() == 2);
  for (const auto& x : found) {
    const bool held = x.id == "held";
    CHECK(x.state == (held ? container_state::paused : container_state::exited));
    CHECK((x.pid == 50) == held);
    CHECK((x.started_ns != 0) == held);
  }
}

TEST_CASE("cgroup containers: units only when asked for; those of a runtime never") {
  const machine host;
  const std::string id(64, 'a');
  host.cgroup("/docker/" + id, "60\n");
  host.cgroup("/system.slice/nginx.service", "61\n");
  host.cgroup("/system.slice/nginx.service/worker", "62\n");
  host.cgroup("/lxc/a", "63\n");
  for (uint32_t pid = 60; pid < 64; ++pid)
    host.process(pid, pid);
  CHECK(host.ids() == ids{"a"});
  host.cgroup("/user.slice/user-1000.slice/session-1.scope", "61\n");
  CHECK(host.ids({.services = true}) == ids{"/system.slice/nginx.service", "a"});
  CHECK(host.ids({.sessions = true}) == ids{"/user.slice/user-1000.slice", "a"});
}

TEST_CASE("cgroup containers: what a container makes below itself poses as nobody else") {
  const machine host;
  const std::string docker = "/docker/" + std::string(64, 'b');
  host.cgroup("/lxc/web", "70\n");
  host.cgroup(docker, "71\n");
  host.cgroup(docker + "/lxc.payload.web", "72\n");
  host.process(70, 700);
  host.process(71, 600);
  host.process(72, 500);
  const auto found = host.containers();
  REQUIRE(found.size() == 1);
  CHECK(found[0].pid == 70);
  CHECK(found[0].details->cgroup_path == "/lxc/web");
}

TEST_CASE("cgroup containers: broken stat files and pids of other namespaces are passed over") {
  const machine host;
  host.cgroup("/lxc/web", "0\n80\n81\n82\nx\n83\n84");
  host.tree.write("/proc/80/stat", "80 (short");
  host.tree.write("/proc/81/stat", "81 (a) S 1 1");
  host.tree.write("/proc/82/stat", "");
  host.process(83, 7);
  host.process(84, 1); // No line's end: perhaps the file was cut off within its pid.
  const auto found = host.containers();
  REQUIRE(found.size() == 1);
  CHECK(found[0].pid == 83);
}

TEST_CASE("cgroup containers: a machine without cgroups has none") {
  const temporary_tree tree;
  CHECK(cgroup_containers(tree.root(), tree.path("/none"), {}).empty());
}

TEST_CASE("cgroup containers: what a runtime has told of is not told again") {
  container_metadata unit;
  unit.runtime = runtime_kind::systemd;
  unit.id = "/system.slice/web.service";
  unit.systemd_type = "notify";
  std::vector<container_metadata> known{unit};
  auto plain = unit;
  plain.systemd_type.clear();
  auto machine = plain;
  machine.runtime = runtime_kind::nspawn;
  add_unknown(known, {plain, machine});
  REQUIRE(known.size() == 2);
  CHECK(known[0].systemd_type == "notify");
  CHECK(known[1].runtime == runtime_kind::nspawn);
}
