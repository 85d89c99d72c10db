// SPDX-License-Identifier: Apache-2.0
#pragma once

// Short ways to say what a runtime said.

#include "actors/runtime_metadata/runtime_client.hpp"

#include <string>

namespace troupe {

inline container_answer docker_answer(const std::string& id, const std::string& name,
                                      container_state state = container_state::running) {
  container_answer result;
  result.metadata.runtime = runtime_kind::docker;
  result.metadata.id = id;
  result.metadata.name = name;
  result.metadata.state = state;
  result.metadata.pid = state == container_state::running ? 100 : 0;
  return result;
}

inline container_answer containerd_answer(const std::string& id, const std::string& name_space,
                                          container_state state = container_state::running) {
  auto result = docker_answer(id, "", state);
  result.metadata.runtime =
      name_space == moby_namespace ? runtime_kind::docker : runtime_kind::containerd;
  result.metadata.name_space = name_space;
  return result;
}

inline container_answer incomplete(container_answer answer) {
  answer.metadata.pid = 0;
  answer.complete = false;
  return answer;
}

inline runtime_event docker_event(runtime_event_kind kind, const std::string& id,
                                  const std::string& name) {
  runtime_event result;
  result.kind = kind;
  result.metadata.runtime = runtime_kind::docker;
  result.metadata.id = id;
  result.metadata.name = name;
  result.named = true;
  result.time_ns = 1000;
  return result;
}

inline runtime_event containerd_event(runtime_event_kind kind, const std::string& id,
                                      const std::string& name_space) {
  auto result = docker_event(kind, id, "");
  result.metadata.runtime = runtime_kind::containerd;
  result.metadata.name_space = name_space;
  result.named = false;
  return result;
}

inline cgroup_identity docker_cgroup(const std::string& id) {
  return {cgroup_kind::container, runtime_kind::docker, id, "", ""};
}

inline cgroup_identity containerd_cgroup(const std::string& id,
                                         const std::string& name_space = {}) {
  return {cgroup_kind::container, runtime_kind::containerd, id, "", name_space};
}

inline cgroup_identity kubernetes_cgroup(const std::string& id) {
  return {cgroup_kind::container, runtime_kind::kubernetes, id, "uid", ""};
}

} // namespace troupe
