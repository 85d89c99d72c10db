// SPDX-License-Identifier: Apache-2.0
#include "actors/kubernetes_workloads/kubernetes_workloads.hpp"

#include "tests/deterministic_system.hpp"
#include "tests/kubernetes_workloads/loopback_server.hpp"

using namespace troupe;
using namespace std::chrono_literals;

namespace {

std::string list_of(const std::string& pod, const std::string& set) {
  return loopback_server::ok(
      R"({"items":[{"metadata":{"name":")" + pod + R"(","namespace":"shop","ownerReferences":[)"
      + R"({"kind":"StatefulSet","controller":true,"name":")" + set + R"("}]}}]})");
}

struct workloads_world : deterministic_system {
  using told = std::vector<std::vector<pod_workload>>;

  registry_actor make_registry(told& lists) {
    return spawn([&lists](registry_actor::pointer) -> registry_actor::behavior_type {
      return {[](const cgroup_found&) {},
              [](const cgroup_listing&) {},
              [](const cgroup_unknown&) {},
              [](const cgroup_removed&) {},
              [](const route_changed&) {},
              [](const container_resolved&) {},
              [&lists](const pod_workloads& x) { lists.push_back(x.pods); },
              [](const bpf_reader_actor&) {},
              [](const runtime_metadata_actor&) {},
              [](const host_actor&) {},
              [](const tick&) {},
              [](const collect&, const snapshot_sink_actor&) { return uint64_t{0}; },
              [](const get_status&) {
                return registry_status{};
              }};
    });
  }

  kubernetes_workloads_actor start(const std::string& url, const registry_actor& registry) {
    settings options;
    options.workloads_url = url;
    options.workloads_interval = 30s;
    auto result = spawn(kubernetes_workloads, options, registry);
    run(); // Until the call is over.
    return result;
  }
};

} // namespace

TEST_CASE_FIXTURE(workloads_world, "workloads: the registry is told at once, and then of changes") {
  std::string answer = list_of("db-0", "db");
  const loopback_server server{[&](const std::string&) {
    return answer;
  }};
  told lists;
  start(server.url(), make_registry(lists));
  REQUIRE(lists.size() == 1);
  CHECK(lists[0] == std::vector{pod_workload{"shop", "db-0", "db", false}});

  advance(29s);
  CHECK(server.requests().size() == 1);
  advance(1s);
  CHECK(server.requests().size() == 2);
  CHECK(lists.size() == 1); // The same.

  answer = list_of("db-0", "other");
  advance(30s);
  REQUIRE(lists.size() == 2);
  CHECK(lists[1][0].workload == "other");
}

TEST_CASE_FIXTURE(workloads_world, "workloads: failures are tried again, with growing pauses") {
  std::string answer = loopback_server::ok("no list");
  const loopback_server server{[&](const std::string&) {
    return answer;
  }};
  told lists;
  start(server.url(), make_registry(lists));
  CHECK(server.requests().size() == 1);
  advance(1s);
  CHECK(server.requests().size() == 2);
  advance(1s);
  CHECK(server.requests().size() == 2);
  advance(1s);
  CHECK(server.requests().size() == 3);
  CHECK(lists.empty());

  answer = list_of("db-0", "db");
  advance(4s);
  CHECK(lists.size() == 1);
  advance(30s);
  CHECK(server.requests().size() == 5);
}

TEST_CASE_FIXTURE(workloads_world, "workloads: a new registry is told what is known") {
  const loopback_server server{[](const std::string&) {
    return list_of("db-0", "db");
  }};
  told first;
  told second;
  const auto actor = start(server.url(), make_registry(first));
  self->send(actor, make_registry(second));
  run();
  CHECK(first.size() == 1);
  REQUIRE(second.size() == 1);
  CHECK(second[0] == first[0]);
  CHECK(server.requests().size() == 1);
}

TEST_CASE("workloads: pauses grow from a second to five minutes, or to the interval") {
  CHECK(pause_after(1, 30s) == 1s);
  CHECK(pause_after(2, 30s) == 2s);
  CHECK(pause_after(9, 30s) == 256s);
  CHECK(pause_after(10, 30s) == 300s);
  CHECK(pause_after(1'000'000, 30s) == 300s);
  CHECK(pause_after(1'000'000, 600s) == 600s);
}
