// SPDX-License-Identifier: Apache-2.0

#include "actors/host/boot_clock.hpp"
#include "actors/host/node_info.hpp"
#include "tests/host/temporary_tree.hpp"

#include <sys/utsname.h>

using namespace troupe;

TEST_CASE("node info: everything below the host's root") {
  temporary_tree tree;
  tree.write("/etc/hostname", "node-7\n");
  tree.write("/etc/machine-id", "3d1219c7c4c5404aaa1f6d2a48adfda4\n");
  tree.write("/sys/class/dmi/id/product_uuid", "4C4C4544-0042-3510-8054-B4C04F4E4D32\n");
  tree.write("/proc/sys/kernel/osrelease", "6.18.0-test\n");
  const auto info = read_node_info(tree.root());
  CHECK(info.hostname == "node-7");
  CHECK(info.kernel_version == "6.18.0-test");
  CHECK(info.machine_id == "3d1219c7c4c5404aaa1f6d2a48adfda4");
  CHECK(info.system_uuid == "4c4c4544-0042-3510-8054-b4c04f4e4d32");
}

TEST_CASE("node info: what is missing stays empty, name and kernel come from the kernel") {
  temporary_tree tree;
  const auto info = read_node_info(tree.root());
  utsname system{};
  REQUIRE(uname(&system) == 0);
  CHECK(info.hostname == system.nodename);
  CHECK(info.kernel_version == system.release);
  CHECK(info.machine_id == "");
  CHECK(info.system_uuid == "");
}

TEST_CASE("node info: without a prefix it is this machine") {
  utsname system{};
  REQUIRE(uname(&system) == 0);
  const auto info = read_node_info("");
  CHECK(info.hostname == system.nodename);
  CHECK(info.kernel_version == system.release);
}

TEST_CASE("node info: the machine id is also where dbus keeps it") {
  temporary_tree tree;
  tree.write("/etc/machine-id", "uninitialized\n");
  tree.write("/var/lib/dbus/machine-id", "3d1219c7c4c5404aaa1f6d2a48adfda4\n");
  CHECK(read_node_info(tree.root()).machine_id == "3d1219c7c4c5404aaa1f6d2a48adfda4");
}

TEST_CASE("node info: hostile files say nothing") {
  temporary_tree tree;
  tree.write("/etc/hostname", "a\x1b[31m b\n");
  tree.write("/etc/machine-id", std::string(100'000, 'a'));
  tree.write("/sys/class/dmi/id/product_uuid", "4c4c4544-0042-3510-8054-b4c04f4e4d3\"");
  tree.write("/proc/sys/kernel/osrelease", "\n");
  const auto info = read_node_info(tree.root());
  CHECK(info.hostname.find('\x1b') == std::string::npos);
  CHECK(info.machine_id == "");
  CHECK(info.system_uuid == "");
  CHECK(info.kernel_version != "");
}

TEST_CASE("boot clock: the offset turns boot time into Unix time") {
  const auto unix_now = read_clock_ns(CLOCK_REALTIME);
  const auto converted = to_unix_ns(boot_time_now_ns());
  CHECK(converted >= unix_now - 1'000'000'000);
  CHECK(converted <= unix_now + 1'000'000'000);
}
