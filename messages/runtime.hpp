// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "messages/container_metadata.hpp"
#include "messages/errors.hpp"
#include "messages/snapshot.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe {

/// One runtime socket.
struct runtime_endpoint {
  /// docker, containerd, crio (any CRI v1 socket that is not containerd's), podman, systemd;
  /// unknown: no socket, but the OCI bundles below `socket` (the host's root, "" for "/").
  runtime_kind kind = runtime_kind::unknown;
  std::string socket; ///< path as this process sees it, host root included

  friend bool operator==(const runtime_endpoint&, const runtime_endpoint&) = default;
};

/// Asks who a container is. Answered with container_resolved, now or when a runtime is back,
/// and again whenever the runtime reports a change, until abandon_container.
struct resolve_container {
  container_key key = 0; ///< echoed in the answer
  cgroup_identity identity;
};

template <class Inspector>
auto inspect(Inspector& f, resolve_container& x) {
  return f(x.key, x.identity);
}

/// Nobody waits for this container's metadata any more.
struct abandon_container {
  container_key key = 0;
};

template <class Inspector>
auto inspect(Inspector& f, abandon_container& x) {
  return f(x.key);
}

/// A runtime's answer about one container, or an update of it.
struct container_resolved {
  container_key key = 0;
  container_metadata metadata;
  bool removed = false; ///< the runtime forgot the container (destroy); metadata is its last state
};

/// Health of one endpoint, for doctor, logs and metrics.
struct runtime_status {
  runtime_endpoint endpoint;
  bool present = false;   ///< the socket exists
  bool answering = false; ///< the last call succeeded
  ec error = ec::none;
  std::string message; ///< what a user reads: thing, cause, next step
  std::string version; ///< as the runtime says; empty until it answered
  uint64_t lookups_ok = 0;
  uint64_t lookups_unknown = 0; ///< reachable, but it does not know the container
  uint64_t lookups_failed = 0;
  latency_histogram lookup_latency; ///< of all lookups, also those that failed
};

enum class runtime_event_kind : uint8_t {
  created,
  started,
  exited,
  paused,
  resumed,
  oom_killed,
  renamed,
  updated, ///< limits, labels, restart policy: a lookup tells what
  removed,
  exec_started, ///< a further process beside the init process: docker exec, kubectl exec
  exec_exited,
  health_changed,
  listed, ///< nothing happened: it was there when we began to look, or looked again
};

/// As in JSON: "created", "exec_started", ... "listed".
std::string_view to_string(runtime_event_kind kind);

/// What a runtime said of a process beside a container's init process.
struct exec_process {
  std::string id;      ///< the runtime's
  std::string command; ///< with its arguments, where the runtime tells it
  uint32_t pid = 0;    ///< 0: not told
  std::optional<int> exit_code;

  friend bool operator==(const exec_process&, const exec_process&) = default;
};

/// Asks runtime_metadata to tell of every change of every container, beginning with all that are
/// known (as `listed`). Only those who ask pay for it.
struct observe_containers {};

template <class Inspector>
auto inspect(Inspector& f, observe_containers&) {
  return f();
}

/// One change of one container, in the order in which its runtime told them.
struct container_change {
  runtime_event_kind kind = runtime_event_kind::listed;
  container_metadata metadata; ///< as known after it
  bool named = false;          ///< its name is known: what is not will be told once more, as listed
  bool complete = false;       ///< all of it is known; what is not will be told, as listed
  int64_t time_ns = 0;         ///< Unix time, by the runtime; 0: it did not say
  int64_t heard_ns = 0;        ///< Unix time at which we read it
  exec_process exec;           ///< of exec_started and exec_exited
};

/// Every container of every endpoint, and what each endpoint said of itself.
struct runtime_listing {
  std::vector<container_metadata> containers;
  std::vector<runtime_status> endpoints;
};

} // namespace troupe
