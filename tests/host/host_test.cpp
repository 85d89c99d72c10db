// SPDX-License-Identifier: Apache-2.0

#include "actors/host/host.hpp"
#include "tests/deterministic_system.hpp"
#include "tests/host/temporary_tree.hpp"

using namespace troupe;

TEST_CASE_FIXTURE(deterministic_system,
                  "host: answers who the machine is and which cgroups it has") {
  temporary_tree tree;
  tree.write("/etc/machine-id", "3d1219c7c4c5404aaa1f6d2a48adfda4\n");
  tree.make_directory("/cgroup/docker/a");
  settings options;
  options.host_root = tree.root();
  auto actor = spawn(host, options, cgroup_hierarchy{tree.path("/cgroup"), ""});

  const auto node = ask<node_info>(actor, get_node_info{});
  REQUIRE(node);
  CHECK(node->machine_id == "3d1219c7c4c5404aaa1f6d2a48adfda4");

  const auto listing = ask<cgroup_listing>(actor, scan_cgroups{});
  REQUIRE(listing);
  REQUIRE(listing->cgroups.size() == 3);
  const auto& last = listing->cgroups.back();
  CHECK(last.path == "/docker/a");

  const auto found = ask<cgroup_found>(actor, cgroup_unknown{last.id});
  REQUIRE(found);
  CHECK(found->path == "/docker/a");
  CHECK_FALSE(ask<cgroup_found>(actor, cgroup_unknown{1}));
}

TEST_CASE_FIXTURE(deterministic_system,
                  "host: a hierarchy that cannot be read is an error, not nothing") {
  auto actor = spawn(host, settings{}, cgroup_hierarchy{"/nowhere/at/all", ""});
  CHECK_FALSE(ask<cgroup_listing>(actor, scan_cgroups{}));
}
