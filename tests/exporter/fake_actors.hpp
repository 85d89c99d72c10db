// SPDX-License-Identifier: Apache-2.0
#pragma once

// Those whom the exporter asks, played by a script that the test changes as it goes.

#include "messages/actors.hpp"
#include "tests/exporter/synthetic_scrape.hpp"

#include <caf/typed_event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include <atomic>
#include <memory>
#include <utility>
#include <vector>

namespace troupe {

enum class reply : uint8_t { answer, error, silence };

/// What the others say. What is not atomic is changed only while nobody works: between two run()s,
/// or before the start.
struct script {
  uint64_t containers = 0;              ///< what the registry says
  std::vector<container_key> answering; ///< who of them answers at once
  std::atomic<reply> registry{reply::answer};
  std::atomic<reply> reader{reply::answer};
  std::atomic<reply> runtimes{reply::answer};
  std::atomic<reply> supervisor{reply::answer};
  std::atomic<reply> host{reply::answer};
  uint64_t routes = 0; ///< something that the reader says
  std::atomic<bool> ready{true};

  std::atomic<int> gatherings{0};
  snapshot_sink_actor sink; ///< of the last collect
  uint64_t scrape_id = 0;
  std::vector<std::shared_ptr<void>> unanswered; ///< promises that are kept and never delivered
};

using script_ptr = std::shared_ptr<script>;

/// Answers, fails or is silent.
template <class Answer, class Self>
caf::result<Answer> play(Self* self, script& plot, reply how, Answer answer) {
  if (how == reply::error)
    return make_error(ec::shutting_down, "as the script wants it");
  auto promise = self->template make_response_promise<Answer>();
  if (how == reply::answer)
    promise.deliver(std::move(answer));
  else
    plot.unanswered.push_back(std::make_shared<decltype(promise)>(promise));
  return promise;
}

inline registry_actor::behavior_type fake_registry(registry_actor::pointer self,
                                                   const script_ptr& plot) {
  return {
      [](const cgroup_found&) {},
      [](const cgroup_listing&) {},
      [](const cgroup_unknown&) {},
      [](const cgroup_removed&) {},
      [](const route_changed&) {},
      [](const container_resolved&) {},
      [](const pod_workloads&) {},
      [](const bpf_reader_actor&) {},
      [](const runtime_metadata_actor&) {},
      [](const host_actor&) {},
      [](const tick&) {},
      [self, plot](const collect& what, const snapshot_sink_actor& sink) -> caf::result<uint64_t> {
        ++plot->gatherings;
        plot->sink = sink;
        plot->scrape_id = what.scrape_id;
        for (auto key : plot->answering)
          self->send(sink, collected{what.scrape_id,
                                     freeze(a_container(key, "/docker/" + std::to_string(key)))});
        return play<uint64_t>(self, *plot, plot->registry, uint64_t{plot->containers});
      },
      [](const get_status&) { return registry_status{}; },
  };
}

inline bpf_reader_actor::behavior_type fake_reader(bpf_reader_actor::pointer self,
                                                   const script_ptr& plot) {
  return {
      [](const drain&) {},
      [](const tick&) {},
      [](const credit&) {},
      [](const route_cgroup&, const container_actor&) {},
      [](const ignore_cgroup&) {},
      [](const unroute_cgroup&) {},
      [self, plot](const get_status&) {
        reader_status status;
        status.routes = plot->routes;
        return play<reader_status>(self, *plot, plot->reader, std::move(status));
      },
  };
}

inline runtime_metadata_actor::behavior_type fake_runtimes(runtime_metadata_actor::pointer self,
                                                           const script_ptr& plot) {
  return {
      [](const resolve_container&, const metadata_sink_actor&) {},
      [](const abandon_container&) {},
      [](const list_all&) { return runtime_listing{}; },
      [self, plot](const get_status&) {
        return play<std::vector<runtime_status>>(self, *plot, plot->runtimes,
                                                 std::vector<runtime_status>(1));
      },
  };
}

inline supervisor_actor::behavior_type fake_supervisor(supervisor_actor::pointer self,
                                                       const script_ptr& plot) {
  return {
      [](const tick&) {},
      [self, plot](const get_status&) {
        troupe_status status;
        status.actors.push_back({"exporter", 3, 0});
        status.ready = plot->ready;
        return play<troupe_status>(self, *plot, plot->supervisor, std::move(status));
      },
  };
}

inline host_actor::behavior_type fake_host(host_actor::pointer self, const script_ptr& plot) {
  return {
      [self, plot](const get_node_info&) {
        return play<node_info>(self, *plot, plot->host, a_node());
      },
      [](const scan_cgroups&) { return cgroup_listing{}; },
      [](const cgroup_unknown&) -> caf::result<cgroup_found> {
        return make_error(ec::unknown_cgroup, "");
      },
  };
}

} // namespace troupe
