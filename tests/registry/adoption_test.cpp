// SPDX-License-Identifier: Apache-2.0

// Restarts, with the real reader, registry and containers: every record counts once, in whatever
// order the actors get to work.

#include "actors/bpf_reader/bpf_reader.hpp"
#include "actors/container/container.hpp"
#include "actors/recorder/generator.hpp"
#include "actors/registry/registry.hpp"
#include "tests/deterministic_system.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

using namespace troupe;

namespace {

struct tape {
  std::vector<std::byte> records;
  size_t bytes_a_poll = 0; ///< 0: not yet
  size_t at = 0;
};

/// Gives a few records a poll, until there are none.
class tape_source final : public event_source {
public:
  explicit tape_source(tape& played) : tape_{played} {}

  bool live() const override { return false; }
  bool ended() const override { return tape_.at == tape_.records.size(); }
  void poll(std::chrono::milliseconds, record_sink& sink) override {
    const auto until = std::min(tape_.at + tape_.bytes_a_poll, tape_.records.size());
    while (tape_.at < until) {
      const auto& header = *reinterpret_cast<const event_header*>(tape_.records.data() + tape_.at);
      sink.take(header);
      tape_.at += header.size;
    }
  }
  bool walk_processes(record_sink&) override { return false; }
  void scan_sockets(record_sink&) override {}
  void walk_sockets(record_sink&) override {}
  void set_ignored(cgroup_id, bool) override {}
  std::vector<feature_status> features() const override { return {}; }
  std::vector<loss_count> losses() override { return {}; }
  bool lost_lifecycle() override { return false; }
  std::vector<map_usage> map_usages() override { return {}; }

private:
  tape& tape_;
};

struct counts {
  uint64_t connects = 0;
  uint64_t active = 0;
  uint64_t bytes_sent = 0;
  uint64_t restarts = 0;
  std::set<std::string> names;
};

constexpr uint64_t names = 4; ///< of containers, of which three are there at a time

std::string name_of(const std::string& runtime_id) {
  const auto number = std::strtoull(runtime_id.substr(runtime_id.size() - 8).c_str(), nullptr, 16);
  return "web-" + std::to_string(number % names);
}

generator_options restarts() {
  generator_options options;
  options.containers = 3;
  options.connections_open = 5;
  options.destinations = 2;
  options.records = 3000;
  // What has ended is remembered for a second of the kernel's clock: for the next ten records.
  options.events_per_second = 30;
  options.churn_per_second = 1;
  return options;
}

/// Who works next is drawn by lot.
struct adoption_world : deterministic_system {
  explicit adoption_world(uint32_t seed) : lots_{seed} {
    while (made_.next(tape_.records, 64U << 10)) {
    }
    truth.connects = made_.connects();
    truth.bytes_sent = made_.bytes_sent();
    truth.active = made_.connects() - made_.bytes_sent() / 1000;
    truth.restarts = made_.containers_made() - names;
    for (uint64_t n = 0; n < names; ++n)
      truth.names.insert("/docker/web-" + std::to_string(n));
    options_.credit_batches = 1 + draw(8);
    start();
    for (int i = 0; i < 1000; ++i) // The registry gets to know the cgroups that are there.
      work();
    tape_.bytes_a_poll = 64U << draw(9);
  }

  ~adoption_world() { questions_.clear(); }

  /// Until everything is read, answered and done.
  void play() {
    while (!sched.jobs.empty() || !questions_.empty()) {
      if (!questions_.empty() && (sched.jobs.empty() || draw(30) == 0))
        answer();
      work();
    }
  }

  counts counted() {
    counts result;
    const auto sink =
        spawn([&result](snapshot_sink_actor::pointer) -> snapshot_sink_actor::behavior_type {
          return {[&result](const collected& x) {
            result.names.insert(x.snapshot->identity.container_id);
            result.restarts += x.snapshot->restarts;
            for (const auto& series : x.snapshot->outbound) {
              result.connects += series.successful_connects;
              result.active += series.active_connections;
              result.bytes_sent += series.bytes_sent;
            }
          }};
        });
    ask<uint64_t>(registry_, collect{1}, sink);
    return result;
  }

  counts truth;

private:
  /// One message of one actor's: of the first in an order that changes now and then, so that some
  /// wait long while others go on.
  void work() {
    if (sched.jobs.empty())
      return;
    if (draw(100) == 0)
      turns_.clear();
    const auto turn = [this](const caf::resumable* x) {
      return turns_.try_emplace(x, lots_()).first->second;
    };
    const auto next =
        std::min_element(sched.jobs.begin(), sched.jobs.end(),
                         [&](const auto* a, const auto* b) { return turn(a) < turn(b); });
    std::rotate(sched.jobs.begin(), next, next + 1);
    sched.try_run_once();
  }

  uint32_t draw(size_t below) { return static_cast<uint32_t>(lots_() % below); }

  void start() {
    const auto host = spawn([this](host_actor::pointer) -> host_actor::behavior_type {
      return {
          [](const get_node_info&) { return node_info{}; },
          [this](const scan_cgroups&) {
            return cgroup_listing{made_.cgroups(), false};
          },
          [](const cgroup_unknown&) -> caf::result<cgroup_found> {
            return make_error(ec::unknown_cgroup, "");
          },
      };
    });
    registry_ = spawn(registry, options_, host, spawn_runtime(),
                      container_factory{[this](caf::actor_system&, container_key key) {
                        return spawn(container, key, options_, console_actor{});
                      }});
    spawn(bpf_reader_of, options_, event_source_factory{[this] {
            return std::make_unique<tape_source>(tape_);
          }},
          registry_);
  }

  runtime_metadata_actor spawn_runtime() {
    return spawn([this](runtime_metadata_actor::pointer) -> runtime_metadata_actor::behavior_type {
      return {
          [this](const resolve_container& x, const metadata_sink_actor& sink) {
            questions_.emplace_back(x, sink);
          },
          [](const abandon_container&) {},
          [](const list_all&) { return runtime_listing{}; },
          [](const get_status&) { return std::vector<runtime_status>{}; },
      };
    });
  }

  void answer() {
    const auto which = questions_.begin() + static_cast<std::ptrdiff_t>(draw(questions_.size()));
    const auto& [question, sink] = *which;
    auto metadata = generator::metadata_of(question.identity.id);
    metadata.name = name_of(question.identity.id);
    self->send(sink, container_resolved{question.key, std::move(metadata), false});
    questions_.erase(which);
  }

  std::mt19937 lots_;
  std::map<const caf::resumable*, uint32_t> turns_;
  settings options_;
  generator made_{restarts()};
  tape tape_;
  std::vector<std::pair<resolve_container, metadata_sink_actor>> questions_;
  registry_actor registry_;
};

} // namespace

TEST_CASE("adoption: every record counts once, in whatever order the actors work") {
  for (uint32_t seed = 1; seed <= 50; ++seed) {
    INFO(seed);
    adoption_world world{seed};
    world.play();
    const auto counted = world.counted();
    CHECK(counted.connects == world.truth.connects);
    CHECK(counted.active == world.truth.active);
    CHECK(counted.bytes_sent == world.truth.bytes_sent);
    CHECK(counted.restarts == world.truth.restarts);
    CHECK(counted.names == world.truth.names);
  }
}
