// SPDX-License-Identifier: Apache-2.0
#pragma once

// A registry and a container that only write down what the reader tells them.

#include "messages/actors.hpp"
#include "tests/bpf_reader/records.hpp"

#include <caf/typed_event_based_actor.hpp>

#include <memory>
#include <vector>

namespace troupe {

/// What reached the registry and one container.
struct heard {
  std::vector<cgroup_found> found;
  std::vector<cgroup_id> unknown;
  std::vector<cgroup_id> removed;
  std::vector<route_changed> changed;
  int readers = 0;
  std::vector<int> kinds;
  size_t batches = 0;
  std::vector<credit_actor> owed;
};

inline registry_actor::behavior_type test_registry(registry_actor::pointer,
                                                   const std::shared_ptr<heard>& h) {
  return {
      [h](const cgroup_found& x) { h->found.push_back(x); },
      [](const cgroup_listing&) {},
      [h](const cgroup_unknown& x) { h->unknown.push_back(x.cgroup); },
      [h](const cgroup_removed& x) { h->removed.push_back(x.cgroup); },
      [h](const route_changed& x) { h->changed.push_back(x); },
      [](const container_resolved&) {},
      [](const pod_workloads&) {},
      [h](const bpf_reader_actor&) { ++h->readers; },
      [](const runtime_metadata_actor&) {},
      [](const host_actor&) {},
      [](const tick&) {},
      [](const collect&, const snapshot_sink_actor&) { return uint64_t{0}; },
      [](const get_status&) { return registry_status{}; },
  };
}

inline container_actor::behavior_type test_container(container_actor::pointer,
                                                     const std::shared_ptr<heard>& h) {
  using heir = caf::typed_actor<caf::reacts_to<container_inheritance>>;
  return {
      [h](const event_batch& batch, const credit_actor& from) {
        ++h->batches;
        for (auto kind : kinds_of(batch.records))
          h->kinds.push_back(kind);
        h->owed.push_back(from);
      },
      [](const container_named&) {},
      [](const cgroup_joined&) {},
      [](const cgroup_left&) {},
      [](const collect&, const snapshot_sink_actor&) {},
      [](const tick&) {},
      [](const route_changed&, const heir&) {},
      [](const inheritance_announced&) {},
      [](const container_inheritance&) {},
      [](const credit&) {},
      [](const translator_actor&) {},
  };
}

} // namespace troupe
