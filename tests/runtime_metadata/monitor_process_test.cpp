// SPDX-License-Identifier: Apache-2.0
#include "actors/runtime_metadata/monitor_process.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace troupe;

namespace {

using arguments = std::vector<std::string>;

// As podman 4.3 writes it, without what says nothing new.
arguments conmon_line() {
  return {"/usr/bin/conmon",
          "--api-version",
          "1",
          "-c",
          "c4e0cb",
          "-u",
          "c4e0cb",
          "-r",
          "/usr/bin/runc",
          "-b",
          "/var/lib/containers/storage/overlay-containers/c4e0cb/userdata",
          "-p",
          "/run/containers/storage/overlay-containers/c4e0cb/userdata/pidfile",
          "-n",
          "web",
          "--exit-dir",
          "/run/libpod/exits",
          "--full-attach",
          "--runtime-arg",
          "--log",
          "--runtime-arg=/x/oci-log",
          "--exit-command",
          "/usr/bin/podman",
          "--exit-command-arg",
          "-n",
          "--exit-command-arg",
          "other"};
}

} // namespace

TEST_CASE("monitor process: conmon says whose it is") {
  CHECK(parse_monitor(conmon_line())
        == monitor_claim{runtime_kind::podman, "c4e0cb", "", "web",
                         "/var/lib/containers/storage/overlay-containers/c4e0cb/userdata",
                         "/run/containers/storage/overlay-containers/c4e0cb/userdata/pidfile",
                         "runc"});
  // CRI-O's form; flags for another program count for nothing, wherever they stand.
  const auto claim =
      parse_monitor({"conmon", "--exit-command-arg", "-c", "--exit-command-arg", "wrong",
                     "--cid=a1", "--bundle=/b", "--container-pidfile", "/p", "--name", "k8s_x"});
  REQUIRE(claim);
  CHECK(claim->id == "a1");
  CHECK(claim->name == "k8s_x");
  CHECK(claim->bundle == "/b");
}

TEST_CASE("monitor process: a shim says whose it is") {
  CHECK(parse_monitor({"/usr/bin/containerd-shim-runc-v2", "-namespace", "moby", "-id", "dfc4c5",
                       "-address", "/run/containerd/containerd.sock"})
        == monitor_claim{runtime_kind::containerd, "dfc4c5", "moby", "", "", "",
                         "io.containerd.runc.v2"});
  const auto first =
      parse_monitor({"containerd-shim", "-namespace", "k8s.io", "-workdir",
                     "/var/lib/containerd/io.containerd.runtime.v1.linux/k8s.io/a1"});
  REQUIRE(first);
  CHECK(first->id == "a1");
  CHECK(first->oci_runtime.empty());
}

TEST_CASE("monitor process: what names no container is none") {
  const arguments lines[] = {
      {},
      {""},
      {"conmon"},
      {"conmon", "-c"},
      {"conmon", "-c", "a1", "-b", "relative", "-p", "/p"},
      {"conmon", "-c", "../x", "-b", "/b", "-p", "/p"},
      {"/usr/bin/conmonitor", "-c", "a1", "-b", "/b", "-p", "/p"},
      {"containerd-shim-runc-v2", "-namespace", "moby"},
      {"containerd-shim-runc-v2", "-namespace", "a/b", "-id", "a1"},
      {"containerd", "-namespace", "moby", "-id", "a1"},
  };
  for (const auto& line : lines)
    CHECK_FALSE(parse_monitor(line));
}

TEST_CASE("monitor process: names as the kernel cuts them") {
  CHECK(may_be_monitor("conmon"));
  CHECK(may_be_monitor("containerd-shim"));
  CHECK_FALSE(may_be_monitor("containerd"));
  CHECK_FALSE(may_be_monitor("conmonx"));
  CHECK(runtime_of_shim("/usr/bin/containerd-shim-runsc-v1") == "io.containerd.runsc.v1");
  CHECK(runtime_of_shim("containerd-shim-kata-fc-v2") == "io.containerd.kata-fc.v2");
  for (const char* other : {"containerd-shim", "containerd-shim-", "containerd-shim-x",
                            "containerd-shim-v2-", "/usr/bin/runc", ""})
    CHECK(runtime_of_shim(other).empty());
}

TEST_CASE("monitor process: who lives in a container's pid namespace is no monitor") {
  CHECK(is_hosts_process("Name:\tconmon\nNSpid:\t27070\nNSpgid:\t1\n"));
  CHECK_FALSE(is_hosts_process("Name:\tconmon\nNSpid:\t27070\t1\nNSpgid:\t1\t1\n"));
  CHECK_FALSE(is_hosts_process("Name:\tconmon\n"));
  CHECK_FALSE(is_hosts_process(""));
}
