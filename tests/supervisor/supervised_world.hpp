// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/supervisor/actor_defaults.hpp"
#include "actors/supervisor/supervisor.hpp"
#include "tests/deterministic_system.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

namespace troupe {

/// A supervisor whose children are fakes: they run, and do what the test says.
struct supervised_world : deterministic_system {
  std::vector<std::string> starts;
  std::map<std::string, caf::actor> children; ///< the newest of each
  std::vector<troupe_directory> directories;
  std::vector<tick_target_actor> targets; ///< given to the ticker
  size_t new_metadata = 0;                ///< handles the registry was sent
  size_t new_hosts = 0;
  size_t new_registries = 0; ///< handles kubernetes_workloads was sent
  bool walked = true;
  bool reader_is_refused = false;
  std::string thrower; ///< the child that throws at its next message, once
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

  /// The child throws in a handler.
  template <class Message>
  void make_throw(const std::string& child, const Message& message) {
    thrower = child;
    self->send(children.at(child), message);
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
    result.kubernetes_workloads = [this](caf::actor_system&, const registry_actor& registry) {
      CHECK(registry);
      return note("kubernetes_workloads", make_workloads());
    };
    return result;
  }

  kubernetes_workloads_actor make_workloads() {
    return spawn(
        [this](kubernetes_workloads_actor::pointer) -> kubernetes_workloads_actor::behavior_type {
          return {[](const tick&) {},
                  [this](const registry_actor&) {
                    ++new_registries;
                  }};
        });
  }

  console_actor make_console() {
    return spawn([](console_actor::pointer) -> console_actor::behavior_type {
      return {[](const trace_batch&, const credit_actor&) {
      }};
    });
  }

  void may_throw(const char* child) {
    if (thrower != child)
      return;
    thrower.clear();
    throw std::runtime_error{"what a library throws"};
  }

  host_actor make_host() {
    return spawn([this](host_actor::pointer me) -> host_actor::behavior_type {
      install_defaults(me, "host");
      return {[this](const get_node_info&) {
                may_throw("host");
                return node_info{};
              },
              [](const scan_cgroups&) { return cgroup_listing{}; },
              [](const cgroup_unknown&) {
                return cgroup_found{};
              }};
    });
  }

  runtime_metadata_actor make_metadata() {
    return spawn(
        [this](runtime_metadata_actor::pointer me) -> runtime_metadata_actor::behavior_type {
          install_defaults(me, "runtime_metadata");
          return {[](const resolve_container&, const metadata_sink_actor&) {},
                  [](const abandon_container&) {},
                  [this](const list_all&) {
                    may_throw("runtime_metadata");
                    return runtime_listing{};
                  },
                  [](const get_status&) {
                    return std::vector<runtime_status>{};
                  }};
        });
  }

  registry_actor make_registry() {
    return spawn([this](registry_actor::pointer me) -> registry_actor::behavior_type {
      install_defaults(me, "registry");
      return {[](const cgroup_found&) {},
              [](const cgroup_listing&) {},
              [](const cgroup_unknown&) {},
              [](const cgroup_removed&) {},
              [](const route_changed&) {},
              [](const container_resolved&) {},
              [](const pod_workloads&) {},
              [](const bpf_reader_actor&) {},
              [this](const runtime_metadata_actor&) { ++new_metadata; },
              [this](const host_actor&) { ++new_hosts; },
              [this](const tick&) { may_throw("registry"); },
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
      install_defaults(me, "bpf_reader");
      if (reader_is_refused)
        me->quit(make_error(ec::kernel_unsupported, "no BTF"));
      return {[](const drain&) {},
              [this](const tick&) { may_throw("bpf_reader"); },
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
    return spawn([this](gc_ticker_actor::pointer me) -> gc_ticker_actor::behavior_type {
      install_defaults(me, "gc_ticker");
      return {[this](const tick&) { may_throw("gc_ticker"); },
              [this](const tick_target_actor& x) {
                targets.push_back(x);
              }};
    });
  }

  exporter_actor make_exporter() {
    return spawn([this](exporter_actor::pointer me) -> exporter_actor::behavior_type {
      install_defaults(me, "exporter");
      return {[this](const scrape&) {
                may_throw("exporter");
                return scrape_result{};
              },
              [](const collected&) {}, [](const collect&) {},
              [this](const troupe_directory& x) {
                directories.push_back(x);
              }};
    });
  }
};

} // namespace troupe
