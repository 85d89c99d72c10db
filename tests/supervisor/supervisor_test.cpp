// SPDX-License-Identifier: Apache-2.0

#include "tests/supervisor/supervised_world.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace troupe;
using namespace std::chrono_literals;

TEST_CASE_FIXTURE(supervised_world, "supervisor: everything starts, in order") {
  start_top();
  CHECK(starts
        == std::vector<std::string>{"console", "host", "runtime_metadata", "registry", "bpf_reader",
                                    "gc_ticker", "exporter", "kubernetes_workloads"});
  CHECK(targets.size() == 2);
  REQUIRE(directories.size() == 1);
  CHECK(directories[0].registry);
  CHECK(directories[0].bpf_reader);
  CHECK(directories[0].supervisor == top);
  CHECK(status().actors.size() == 10); // And the containers as one.
  CHECK(restarts("registry") == 0);
}

TEST_CASE_FIXTURE(supervised_world, "supervisor: it does without what has no factory") {
  auto some = factories();
  some.exporter = nullptr;
  some.console = nullptr;
  some.registry = [this](caf::actor_system&, const host_actor&, const runtime_metadata_actor&,
                         const console_actor& console) {
    CHECK_FALSE(console);
    return note("registry", make_registry());
  };
  start_top(std::move(some));
  CHECK(started("exporter") == 0);
  CHECK(started("bpf_reader") == 1);
}

TEST_CASE_FIXTURE(supervised_world, "supervisor: ready when all run and the first walk is done") {
  walked = false;
  start_top();
  CHECK_FALSE(status().ready);
  walked = true;
  CHECK(status().ready);
  fail("bpf_reader");
  CHECK_FALSE(status().ready);
  advance(100ms);
  CHECK(status().ready);
}

TEST_CASE_FIXTURE(supervised_world, "supervisor: a failed child is started again after the wait") {
  start_top();
  fail("exporter");
  CHECK(started("exporter") == 1);
  advance(99ms);
  CHECK(started("exporter") == 1);
  advance(1ms);
  CHECK(started("exporter") == 2);
  fail("exporter");
  advance(199ms);
  CHECK(started("exporter") == 2);
  advance(1ms);
  CHECK(started("exporter") == 3);
  CHECK(restarts("exporter") == 2);
  CHECK(started("registry") == 1);
}

TEST_CASE_FIXTURE(supervised_world,
                  "supervisor: a new runtime_metadata and a new host are introduced") {
  start_top();
  fail("runtime_metadata");
  advance(100ms);
  CHECK(started("runtime_metadata") == 2);
  CHECK(new_metadata == 1);
  fail("host");
  advance(100ms);
  CHECK(new_hosts == 1);
  CHECK(directories.size() == 3);
  CHECK(directories.back().runtime_metadata != directories.front().runtime_metadata);
  CHECK(directories.back().host != directories.front().host);
  CHECK(started("registry") == 1);
}

TEST_CASE_FIXTURE(supervised_world, "supervisor: a new reader gets ticks and the others go on") {
  start_top();
  fail("bpf_reader");
  advance(100ms);
  CHECK(started("bpf_reader") == 2);
  CHECK(started("gc_ticker") == 1);
  CHECK(started("registry") == 1);
  REQUIRE(targets.size() == 3);
  CHECK(targets.back() == tick_target_actor{directories.back().bpf_reader});
}

TEST_CASE_FIXTURE(supervised_world, "supervisor: the registry takes reader and ticker along") {
  start_top();
  const auto reader = children.at("bpf_reader");
  const auto ticker = children.at("gc_ticker");
  fail("registry");
  CHECK(ended(reader));
  CHECK(ended(ticker));
  CHECK(started("bpf_reader") == 1);
  advance(100ms);
  CHECK(started("registry") == 2);
  CHECK(started("bpf_reader") == 2);
  CHECK(started("gc_ticker") == 2);
  CHECK(started("exporter") == 1);
  CHECK(started("runtime_metadata") == 1);
  CHECK(targets.size() == 2);
  CHECK(directories.back().registry != directories.front().registry);
  CHECK(status().ready);
}

TEST_CASE_FIXTURE(supervised_world, "supervisor: it gives up and ends with the reason") {
  start_top();
  for (int i = 0; i <= 8; ++i) {
    fail("exporter", make_error(ec::runtime_garbage, "again"));
    advance(10s);
  }
  CHECK(started("exporter") == 9);
  CHECK(ended(top));
  CHECK(describe(end_reason)
        == "restart_limit: exporter failed too often, the last time with runtime_garbage: again");
  for (const auto& [name, child] : children) {
    CAPTURE(name);
    CHECK(ended(child));
  }
}

TEST_CASE_FIXTURE(supervised_world, "supervisor: after a healthy minute failures are forgiven") {
  start_top();
  for (int i = 0; i < 20; ++i) {
    fail("exporter");
    advance(100ms);
    advance(60s);
  }
  CHECK(started("exporter") == 21);
  CHECK_FALSE(ended(top));
}

TEST_CASE_FIXTURE(supervised_world,
                  "supervisor: what the next start would meet again ends it at once") {
  reader_is_refused = true;
  start_top();
  CHECK(ended(top));
  CHECK(describe(end_reason) == "kernel_unsupported: no BTF");
  CHECK(started("bpf_reader") == 1);
}

TEST_CASE_FIXTURE(supervised_world, "supervisor: the console's end is the end of all") {
  start_top();
  fail("console", caf::exit_reason::user_shutdown);
  CHECK(ended(top));
  CHECK(ended(children.at("registry")));
}

TEST_CASE_FIXTURE(supervised_world, "supervisor: an exit ends all children") {
  start_top();
  self->send_exit(top, caf::exit_reason::user_shutdown);
  run();
  CHECK(ended(top));
  for (const auto& [name, child] : children) {
    CAPTURE(name);
    CHECK(ended(child));
  }
  CHECK(starts.size() == 8);
}

TEST_CASE_FIXTURE(supervised_world, "supervisor: an exit during a wait starts nobody") {
  start_top();
  fail("registry");
  self->send_exit(top, caf::exit_reason::user_shutdown);
  run();
  advance(10s);
  CHECK(started("registry") == 1);
}

TEST_CASE_FIXTURE(supervised_world,
                  "supervisor: a new registry is introduced to kubernetes_workloads, which stays") {
  start_top();
  fail("registry");
  advance(100ms);
  CHECK(started("registry") == 2);
  CHECK(started("kubernetes_workloads") == 1);
  CHECK(new_registries == 1);
}
