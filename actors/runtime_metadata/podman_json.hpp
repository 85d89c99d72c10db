// SPDX-License-Identifier: Apache-2.0
#pragma once

// The JSON of podman's own API (libpod, version 4), as far as we read it. Text in, values out: no
// I/O, no exceptions. A field that is missing, null or of another type is left at its default; text
// that is no JSON object, or has no id, is ec::runtime_garbage.

#include "actors/runtime_metadata/runtime_client.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe {

struct podman_pod {
  std::string id;
  std::string name;
  std::string infra_id; ///< of the container that holds its namespaces; empty: it has none
};

/// A container, and the id of its pod (empty: it has none). Only a list knows the pod's name.
struct podman_container {
  container_answer answer;
  std::string pod_id;
};

struct podman_list {
  std::vector<container_answer> containers; ///< incomplete: no restarts, no OOM kill, no details
  std::vector<podman_pod> pods;             ///< those that have a container
};

struct podman_event {
  runtime_event event; ///< named, if not in a pod
  std::string pod_id;
};

/// GET libpod/containers/<id>/json
call_result<podman_container> parse_podman_container(std::string_view json);

/// GET libpod/containers/json?all=true
call_result<podman_list> parse_podman_list(std::string_view json);

/// GET libpod/pods/<id>/json
call_result<podman_pod> parse_podman_pod(std::string_view json);

/// One line of GET libpod/events. Empty for events of other things, or that change nothing we show.
call_result<std::optional<podman_event>> parse_podman_event(std::string_view line);

/// GET libpod/version
call_result<std::string> parse_podman_version(std::string_view json);

/// Sets what a container's pod says of it: `pod`, `sandbox_id`, `sandbox`.
void apply_pod(const podman_pod& pod, container_metadata& metadata);

} // namespace troupe
