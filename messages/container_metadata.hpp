// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "messages/identity.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace troupe {

enum class container_state : uint8_t { unknown, created, running, paused, exited };

/// As in metric labels and JSON: "created", "running", ...
std::string_view to_string(container_state state);

/// What a runtime says of one container. Bounded and validated by the client that made it:
/// UTF-8 without control characters is NOT guaranteed, so escape at output.
struct container_metadata {
  runtime_kind runtime = runtime_kind::unknown;
  std::string id;         ///< the runtime's id
  std::string name;       ///< without docker's leading slash; empty when the runtime has no names
  std::string name_space; ///< containerd's namespace; empty elsewhere
  std::string image;
  std::string image_digest; ///< "sha256:..."; empty when unknown
  container_state state = container_state::unknown;
  uint32_t pid = 0;        ///< of the init process, as the runtime says; 0 when not running
  int64_t created_ns = 0;  ///< Unix time; 0 unknown
  int64_t started_ns = 0;  ///< Unix time; 0 never
  int64_t finished_ns = 0; ///< Unix time; 0 never or still running
  std::optional<int> exit_code;
  bool oom_killed = false;
  uint32_t restarts = 0; ///< as the runtime counts them
  std::map<std::string, std::string> labels;
  std::string systemd_type;         ///< of a unit: "simple", "notify", ...; else empty
  std::string systemd_triggered_by; ///< of a unit: its timer or socket; else empty
  bool sandbox = false;             ///< a pod's pause container: it is not shown

  friend bool operator==(const container_metadata&, const container_metadata&) = default;
};

/// Who a container is to the outside: the labels of all its series and events.
struct container_identity {
  std::string
      container_id;   ///< "/docker/web", "/k8s/ns/pod/app"; see actors/registry/container_id.hpp
  std::string app_id; ///< the workload; container_id where there is none
  std::string name_space;  ///< Kubernetes namespace; empty elsewhere
  std::string pod;         ///< Kubernetes pod; empty elsewhere
  std::string container;   ///< the name within the pod, or the runtime's name
  bool provisional = true; ///< a fallback, the runtime has not answered yet

  friend bool operator==(const container_identity&, const container_identity&) = default;
};

} // namespace troupe
