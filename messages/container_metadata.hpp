// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "messages/container_details.hpp"
#include "messages/identity.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>

namespace troupe {

enum class container_state : uint8_t { unknown, created, running, paused, exited };

/// As in metric labels and JSON: "created", "running", ...
std::string_view to_string(container_state state);

/// Where a Nomad client runs a task: NOMAD_* of its environment. All empty: no task.
struct nomad_task {
  std::string name_space;
  std::string job;
  std::string group;
  std::string alloc; ///< the allocation's id
  std::string task;

  friend bool operator==(const nomad_task&, const nomad_task&) = default;
};

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
  std::string health;      ///< "healthy", "unhealthy", "starting"; empty: nobody checks
  std::string pod;         ///< podman's pod; Kubernetes' pods are in the labels
  std::string sandbox_id;  ///< of the pod's sandbox (podman: its infra container); empty: none
  std::string oci_runtime; ///< "runc", "io.containerd.runsc.v1", ...; empty when unknown
  nomad_task nomad;
  std::string systemd_type;         ///< of a unit: "simple", "notify", ...; else empty
  std::string systemd_triggered_by; ///< of a unit: its timer or socket; else empty
  bool sandbox = false; ///< a pod's pause container: not shown, unless all of the pod runs in it
  /// All else that the runtime said; null where nobody asked for it (settings.details) or before
  /// it was asked. Shared, never changed.
  std::shared_ptr<const container_details> details;

  /// By value, the details too.
  friend bool operator==(const container_metadata& a, const container_metadata& b);
};

/// Whether all processes of a pod run in its sandbox, as with gVisor and Kata: then the sandbox is
/// shown in place of the pod's containers.
bool holds_whole_pod(const container_metadata& sandbox);

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
