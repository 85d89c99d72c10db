// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace troupe {

/// A process: a pid alone is reused within seconds.
struct process_id {
  uint32_t pid = 0;               ///< tgid in the initial pid namespace
  uint64_t start_boottime_ns = 0; ///< CLOCK_BOOTTIME at which its leader started

  friend bool operator==(const process_id&, const process_id&) = default;
};

template <class Inspector>
auto inspect(Inspector& f, process_id& x) {
  return f(x.pid, x.start_boottime_ns);
}

/// Inode number of a cgroup's directory in the hierarchy that holds the containers.
/// Never reused while the machine runs (kernfs ids carry a generation).
using cgroup_id = uint64_t;

/// Set in ids that bpf_reader makes up: of no cgroup, but of processes outside of all containers
/// that are told apart by their name. Inode numbers do not have it.
inline constexpr cgroup_id standalone_bit = cgroup_id{1} << 63;

/// Names one container actor for the life of the agent; given out by the registry from 1 upwards.
using container_key = uint32_t;

enum class runtime_kind : uint8_t {
  unknown,
  docker,
  containerd,
  crio,
  podman,
  kubernetes, ///< a pod's cgroup whose path does not say which runtime made it
  systemd,
  lxc,
  nspawn,
  garden,
  talos,
};

/// As in metric labels and JSON: "docker", "containerd", ... "unknown".
std::string_view to_string(runtime_kind kind);

/// The inverse of to_string(); unknown for any other text.
runtime_kind runtime_kind_from(std::string_view text);

/// What a cgroup is, judged from its path alone.
enum class cgroup_kind : uint8_t {
  container,  ///< a container's own cgroup, or one below it
  pod,        ///< a pod's cgroup, without a container of its own
  service,    ///< a systemd (or talos) service
  session,    ///< a login, not a service
  host,       ///< the root or init
  ignore,     ///< a runtime's monitor, or nothing that we know
  standalone, ///< no cgroup: processes of one name outside of all containers
};

/// As printed by `troupe doctor --cgroup`: "container", "pod", ...
std::string_view to_string(cgroup_kind kind);

/// The meaning of a cgroup path; see actors/registry/cgroup_path.hpp.
struct cgroup_identity {
  cgroup_kind kind = cgroup_kind::ignore;
  runtime_kind runtime = runtime_kind::unknown;
  std::string id;         ///< the runtime's container id, or the unit of a service
  std::string pod_uid;    ///< with dashes; empty outside Kubernetes
  std::string name_space; ///< containerd's namespace where the path shows it ("/default/web")

  friend bool operator==(const cgroup_identity&, const cgroup_identity&) = default;
};

template <class Inspector>
auto inspect(Inspector& f, cgroup_identity& x) {
  return f(x.kind, x.runtime, x.id, x.pod_uid, x.name_space);
}

} // namespace troupe

template <>
struct std::hash<troupe::process_id> {
  size_t operator()(const troupe::process_id& x) const noexcept {
    return std::hash<uint64_t>{}(x.start_boottime_ns ^ (uint64_t{x.pid} << 40));
  }
};
