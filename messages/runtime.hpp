// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "messages/container_metadata.hpp"
#include "messages/errors.hpp"
#include "messages/snapshot.hpp"

#include <string>
#include <vector>

namespace troupe {

/// One runtime socket.
struct runtime_endpoint {
  runtime_kind kind = runtime_kind::unknown; ///< docker or containerd (crio, podman: a later issue)
  std::string socket;                        ///< path as this process sees it, host root included
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

/// Every container of every endpoint, and what each endpoint said of itself.
struct runtime_listing {
  std::vector<container_metadata> containers;
  std::vector<runtime_status> endpoints;
};

} // namespace troupe
