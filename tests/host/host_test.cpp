// SPDX-License-Identifier: Apache-2.0

#include "actors/host/host.hpp"
#include "tests/deterministic_system.hpp"
#include "tests/host/scripted_nat.hpp"
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

TEST_CASE_FIXTURE(
    deterministic_system,
    "host: where connections go is asked of the machine, when somebody wants to know") {
  const auto service = address("10.96.0.10", 80);
  const auto backend = address("10.1.0.7", 8080);
  size_t opened = 0;
  auto open_sources = [&opened, service, backend] {
    ++opened;
    auto nat = std::make_unique<scripted_nat>();
    nat->rules[scripted_nat::host] = {{service, backend}};
    return std::unique_ptr<nat_sources>{std::move(nat)};
  };
  const auto actor = spawn(host_with, settings{}, cgroup_hierarchy{"/nowhere/at/all", ""},
                           nat_sources_factory{open_sources});
  CHECK(opened == 0);
  const nat_questions questions{
      3, {}, {question(5, address("10.0.0.2", 40000), service), question(6, service, backend)}};
  for (int i = 0; i < 2; ++i) {
    const auto answers = ask<nat_answers>(actor, questions);
    REQUIRE(answers);
    REQUIRE(answers->translated.size() == 1);
    CHECK(answers->translated[0].socket_cookie == 5);
    CHECK(answers->translated[0].dialled == service);
    CHECK(answers->translated[0].actual == backend);
    CHECK(answers->unanswered == 0);
  }
  CHECK(opened == 1);
}
