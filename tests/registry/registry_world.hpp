// SPDX-License-Identifier: Apache-2.0
#pragma once

// A registry among neighbours that write down what they are told.

#include "actors/registry/registry.hpp"
#include "actors/supervisor/actor_defaults.hpp"
#include "tests/deterministic_system.hpp"

#include <algorithm>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

namespace troupe {

inline const std::string id_a(64, 'a');
inline const std::string id_b(64, 'b');
inline const std::string docker_a = "/docker/" + id_a;
inline const std::string docker_b = "/docker/" + id_b;

/// What a fake container was told. A batch of `poison` records makes it throw.
inline constexpr uint32_t poison = 666;

struct container_notes {
  size_t starts = 0;
  container_actor handle;
  std::vector<cgroup_joined> joined;
  std::vector<cgroup_left> left;
  std::vector<container_named> named;
  std::vector<uint32_t> batches; ///< event_batch::count of each
  std::vector<container_key> announced;
  size_t inheritances = 0; ///< with or without a state
  translator_actor translator;
  size_t ticks = 0;

  [[nodiscard]] std::string id() const {
    return named.empty() ? "" : named.back().identity.container_id;
  }
  [[nodiscard]] size_t restarts() const {
    return static_cast<size_t>(
        std::count_if(joined.begin(), joined.end(), [](const auto& x) { return x.restart; }));
  }
};

struct reader_notes {
  bpf_reader_actor handle;
  std::map<cgroup_id, container_key> routes;
  std::map<cgroup_id, container_actor> targets;
  std::vector<cgroup_id> ignored;
  std::vector<cgroup_id> standalone; ///< of these
  std::vector<cgroup_id> unrouted;
  std::vector<route_changed> unconfirmed;
};

struct metadata_notes {
  runtime_metadata_actor handle;
  std::vector<resolve_container> asked;
  std::vector<container_key> abandoned;
};

struct registry_world : deterministic_system {
  settings options;
  std::map<container_key, container_notes> containers;
  reader_notes reader;
  metadata_notes metadata;
  cgroup_listing present; ///< what the host's walk finds
  size_t walks = 0;
  bool host_answers = true;
  host_actor host;
  credit_actor producer;
  registry_actor registry;

  registry_world() {
    host = spawn_host();
    metadata.handle = spawn_metadata();
    producer = spawn([](credit_actor::pointer) -> credit_actor::behavior_type {
      return {[](const credit&) {
      }};
    });
    start_registry();
  }

  void start_registry() {
    registry = spawn(troupe::registry, options, host, metadata.handle,
                     container_factory{[this](caf::actor_system&, container_key key) {
                       return spawn_container(key);
                     }});
    run();
  }

  void start_reader() {
    reader = {};
    reader.handle = spawn_reader();
    self->send(registry, reader.handle);
    run();
  }

  void find(cgroup_id id, const std::string& path, bool created = true) {
    self->send(registry, cgroup_found{id, path, 1000 + id, created});
    run();
  }

  void remove(cgroup_id id) {
    self->send(registry, cgroup_removed{id, 2000 + id});
    run();
  }

  static container_metadata docker(const std::string& id, const std::string& name) {
    container_metadata result;
    result.runtime = runtime_kind::docker;
    result.id = id;
    result.name = name;
    result.state = container_state::running;
    return result;
  }

  void resolve(container_key question, const container_metadata& answer, bool removed = false) {
    self->send(registry, container_resolved{question, answer, removed});
    run();
  }

  void tick_after(std::chrono::milliseconds time) {
    advance(time);
    self->send(registry, tick{});
    run();
  }

  /// As bpf_reader does: to whomever the cgroup leads.
  void send_batch(cgroup_id cgroup, uint32_t count) {
    event_batch batch;
    batch.count = count;
    self->send(reader.targets.at(cgroup), std::move(batch), producer);
  }

  void confirm_routes() {
    for (const auto& changed : std::exchange(reader.unconfirmed, {}))
      self->send(registry, changed);
    run();
  }

  registry_status status() { return ask<registry_status>(registry, get_status{}).value(); }

private:
  container_actor spawn_container(container_key key) {
    auto& notes = containers[key];
    ++notes.starts;
    notes.handle = spawn([this, key](container_actor::pointer me) {
      return container_behavior(me, containers[key]);
    });
    return notes.handle;
  }

  static container_actor::behavior_type container_behavior(container_actor::pointer me,
                                                           container_notes& notes) {
    install_defaults(me, "container");
    return {
        [&notes](const event_batch& batch, const credit_actor&) {
          if (batch.count == poison)
            throw std::runtime_error{"what a library throws"};
          notes.batches.push_back(batch.count);
        },
        [&notes](const container_named& x) { notes.named.push_back(x); },
        [&notes](const cgroup_joined& x) { notes.joined.push_back(x); },
        [&notes](const cgroup_left& x) { notes.left.push_back(x); },
        [me](const collect& x, const snapshot_sink_actor& sink) {
          me->send(sink, collected{x.scrape_id, std::make_shared<container_snapshot>()});
        },
        [&notes](const tick&) { ++notes.ticks; },
        [me](const route_changed&,
             const caf::typed_actor<caf::reacts_to<container_inheritance>>& to) {
          me->send(to, container_inheritance{});
          me->quit();
        },
        [&notes](const inheritance_announced& x) { notes.announced.push_back(x.from); },
        [&notes](const container_inheritance&) { ++notes.inheritances; },
        [](const credit&) {},
        [&notes](const translator_actor& x) { notes.translator = x; },
    };
  }

  bpf_reader_actor spawn_reader() {
    return spawn([this](bpf_reader_actor::pointer) -> bpf_reader_actor::behavior_type {
      return {
          [](const drain&) {},
          [](const tick&) {},
          [](const credit&) {},
          [this](const route_cgroup& x, const container_actor& to) {
            reader.routes[x.cgroup] = x.container;
            reader.targets[x.cgroup] = to;
            reader.unconfirmed.push_back({x.cgroup, x.container});
          },
          [this](const ignore_cgroup& x) {
            reader.ignored.push_back(x.cgroup);
            if (x.standalone)
              reader.standalone.push_back(x.cgroup);
          },
          [this](const unroute_cgroup& x) { reader.unrouted.push_back(x.cgroup); },
          [](const get_status&) { return reader_status{}; },
      };
    });
  }

public:
  runtime_metadata_actor spawn_metadata() {
    return spawn([this](runtime_metadata_actor::pointer) -> runtime_metadata_actor::behavior_type {
      return {
          [this](const resolve_container& x, const metadata_sink_actor&) {
            metadata.asked.push_back(x);
          },
          [this](const abandon_container& x) { metadata.abandoned.push_back(x.key); },
          [](const list_all&) { return runtime_listing{}; },
          [](const get_status&) { return std::vector<runtime_status>{}; },
      };
    });
  }

  host_actor spawn_host() {
    return spawn([this](host_actor::pointer) -> host_actor::behavior_type {
      return {
          [](const get_node_info&) { return node_info{}; },
          [this](const scan_cgroups&) -> caf::result<cgroup_listing> {
            ++walks;
            if (!host_answers)
              return make_error(ec::shutting_down, "");
            return present;
          },
          [this](const cgroup_unknown& x) -> caf::result<cgroup_found> {
            if (!host_answers)
              return make_error(ec::shutting_down, "");
            for (const auto& cgroup : present.cgroups)
              if (cgroup.id == x.cgroup)
                return cgroup;
            return make_error(ec::unknown_cgroup, "");
          },
      };
    });
  }
};

} // namespace troupe
