// SPDX-License-Identifier: Apache-2.0

#include "actors/supervisor/actor_defaults.hpp"
#include "actors/supervisor/supervisor.hpp"
#include "tests/deterministic_system.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <string>

using namespace troupe;
using namespace std::chrono_literals;

namespace {

/// A supervisor whose children are fakes: they run, and do what the test says.
struct supervised_world : deterministic_system {
  std::vector<std::string> starts;
  std::map<std::string, caf::actor> children; ///< the newest of each
  std::vector<troupe_directory> directories;
  std::vector<tick_target_actor> targets; ///< given to the ticker
  size_t new_metadata = 0;                ///< handles the registry was sent
  size_t new_hosts = 0;
  bool walked = true;
  bool reader_is_refused = false;
  caf::error end_reason;
  supervisor_actor top;

  void start_top(troupe_factories factories) {
    top = spawn(supervisor, std::move(factories));
    spawn([this](tick_target_actor::pointer me) -> tick_target_actor::behavior_type {
      me->set_down_handler([this](const caf::down_msg& down) { end_reason = down.reason; });
      me->monitor(top);
      return {[](const tick&) {
      }};
    });
    run();
  }
  void start_top() { start_top(factories()); }

  template <class Handle>
  Handle note(const char* name, Handle handle) {
    starts.emplace_back(name);
    children[name] = caf::actor_cast<caf::actor>(handle);
    return handle;
  }

  void fail(const std::string& child, caf::error reason = caf::sec::runtime_error) {
    self->send_exit(children.at(child), std::move(reason));
    run();
  }

  size_t started(const std::string& child) const {
    return static_cast<size_t>(std::count(starts.begin(), starts.end(), child));
  }

  troupe_status status() { return ask<troupe_status>(top, get_status{}).value(); }

  uint64_t restarts(const std::string& child) {
    for (const auto& x : status().actors)
      if (x.actor == child)
        return x.restarts;
    return 999;
  }

  troupe_factories factories() {
    troupe_factories result;
    result.console = [this](caf::actor_system&) {
      return note("console", make_console());
    };
    result.host = [this](caf::actor_system&) {
      return note("host", make_host());
    };
    result.runtime_metadata = [this](caf::actor_system&) {
      return note("runtime_metadata", make_metadata());
    };
    result.registry = [this](caf::actor_system&, const host_actor& host,
                             const runtime_metadata_actor& metadata, const console_actor& console) {
      CHECK(host);
      CHECK(metadata);
      CHECK(console);
      return note("registry", make_registry());
    };
    result.bpf_reader = [this](caf::actor_system&, const registry_actor& registry) {
      CHECK(registry);
      return note("bpf_reader", make_reader());
    };
    result.gc_ticker = [this](caf::actor_system&, const std::vector<tick_target_actor>& x) {
      targets = x;
      return note("gc_ticker", make_ticker());
    };
    result.exporter = [this](caf::actor_system&, const troupe_directory& directory) {
      directories = {directory};
      return note("exporter", make_exporter());
    };
    return result;
  }

  console_actor make_console() {
    return spawn([](console_actor::pointer) -> console_actor::behavior_type {
      return {[](const trace_batch&, const credit_actor&) {
      }};
    });
  }

  host_actor make_host() {
    return spawn([](host_actor::pointer) -> host_actor::behavior_type {
      return {[](const get_node_info&) { return node_info{}; },
              [](const scan_cgroups&) { return cgroup_listing{}; },
              [](const cgroup_unknown&) {
                return cgroup_found{};
              }};
    });
  }

  runtime_metadata_actor make_metadata() {
    return spawn([](runtime_metadata_actor::pointer) -> runtime_metadata_actor::behavior_type {
      return {[](const resolve_container&, const metadata_sink_actor&) {},
              [](const abandon_container&) {}, [](const list_all&) { return runtime_listing{}; },
              [](const get_status&) {
                return std::vector<runtime_status>{};
              }};
    });
  }

  registry_actor make_registry() {
    return spawn([this](registry_actor::pointer) -> registry_actor::behavior_type {
      return {[](const cgroup_found&) {},
              [](const cgroup_listing&) {},
              [](const cgroup_unknown&) {},
              [](const cgroup_removed&) {},
              [](const route_changed&) {},
              [](const container_resolved&) {},
              [](const bpf_reader_actor&) {},
              [this](const runtime_metadata_actor&) { ++new_metadata; },
              [this](const host_actor&) { ++new_hosts; },
              [](const tick&) {},
              [](const collect&, const snapshot_sink_actor&) { return uint64_t{0}; },
              [this](const get_status&) {
                registry_status status;
                status.walked = walked;
                return status;
              }};
    });
  }

  bpf_reader_actor make_reader() {
    return spawn([this](bpf_reader_actor::pointer me) -> bpf_reader_actor::behavior_type {
      if (reader_is_refused)
        me->quit(make_error(ec::kernel_unsupported, "no BTF"));
      return {[](const drain&) {},
              [](const tick&) {},
              [](const credit&) {},
              [](const route_cgroup&, const container_actor&) {},
              [](const ignore_cgroup&) {},
              [](const unroute_cgroup&) {},
              [](const get_status&) {
                return reader_status{};
              }};
    });
  }

  gc_ticker_actor make_ticker() {
    return spawn([this](gc_ticker_actor::pointer) -> gc_ticker_actor::behavior_type {
      return {[](const tick&) {},
              [this](const tick_target_actor& x) {
                targets.push_back(x);
              }};
    });
  }

  exporter_actor make_exporter() {
    return spawn([this](exporter_actor::pointer) -> exporter_actor::behavior_type {
      return {[](const scrape&) { return scrape_result{}; }, [](const collected&) {},
              [](const collect&) {},
              [this](const troupe_directory& x) {
                directories.push_back(x);
              }};
    });
  }
};

} // namespace

TEST_CASE_FIXTURE(supervised_world, "supervisor: everything starts, in order") {
  start_top();
  CHECK(starts
        == std::vector<std::string>{"console", "host", "runtime_metadata", "registry", "bpf_reader",
                                    "gc_ticker", "exporter"});
  CHECK(targets.size() == 2);
  REQUIRE(directories.size() == 1);
  CHECK(directories[0].registry);
  CHECK(directories[0].bpf_reader);
  CHECK(directories[0].supervisor == top);
  CHECK(status().actors.size() == 9); // And the containers as one.
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
  CHECK(starts.size() == 7);
}

TEST_CASE_FIXTURE(supervised_world, "supervisor: an exit during a wait starts nobody") {
  start_top();
  fail("registry");
  self->send_exit(top, caf::exit_reason::user_shutdown);
  run();
  advance(10s);
  CHECK(started("registry") == 1);
}
