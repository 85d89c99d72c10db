// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "messages/agent_status.hpp"
#include "messages/container_metadata.hpp"
#include "messages/host.hpp"
#include "messages/identity.hpp"
#include "messages/runtime.hpp"
#include "messages/snapshot.hpp"
#include "messages/trace_event.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace troupe {

// Signals: empty structs, each says one thing.

/// The clock of gc_ticker went on; also an actor's message to itself that restarts its loop.
struct tick {};
/// bpf_reader to itself: drain the ring once more.
struct drain {};
/// Asks for an account of oneself.
struct get_status {};
/// Asks for a list of all.
struct list_all {};
/// Asks for what the machine says of itself.
struct get_node_info {};
/// Asks for a walk through cgroupfs.
struct scan_cgroups {};
/// A person or Prometheus wants the metrics.
struct scrape {};

// Commands and events between reader, registry and containers.

/// This cgroup's events go to the container that comes with the message.
struct route_cgroup {
  cgroup_id cgroup = 0;
  container_key container = 0;
};

/// This cgroup has no container: drop its events, and in the kernel if it can.
struct ignore_cgroup {
  cgroup_id cgroup = 0;
  bool standalone = false; ///< but those of its processes with sockets are told apart by name
};

/// The cgroup is gone and its container retired: forget the route.
struct unroute_cgroup {
  cgroup_id cgroup = 0;
};

/// All batches that were sent before a route changed are in the old container's mailbox.
struct route_changed {
  cgroup_id cgroup = 0;
  container_key container = 0; ///< where it leads now
};

/// An event came from a cgroup of which we have no path (its mkdir was lost).
struct cgroup_unknown {
  cgroup_id cgroup = 0;
};

/// A cgroup was removed. Late socket events may still name it.
struct cgroup_removed {
  cgroup_id cgroup = 0;
  uint64_t time_ns = 0; ///< CLOCK_BOOTTIME
};

/// The container has a further cgroup: its first, a nested one, or a new one after a restart.
struct cgroup_joined {
  cgroup_id cgroup = 0;
  uint64_t time_ns = 0;
  bool restart = false; ///< it counts as a restart of the container
};

/// The container's cgroup was removed.
struct cgroup_left {
  cgroup_id cgroup = 0;
  uint64_t time_ns = 0;
};

/// Who the container is; again whenever that changes.
struct container_named {
  container_identity identity;
  container_metadata metadata;
};

/// What one container has counted so far; defined in actors/container/container_account.hpp.
struct container_counters;

/// How much of a connection's sends and receives a container wants; see l7_verdict in bpf/event.h.
struct capture_order {
  uint64_t socket_cookie = 0;
  uint16_t sent_bytes = 0;     ///< of each send
  uint16_t received_bytes = 0; ///< of each receive
  bool opaque = false;         ///< nothing, ever
  bool over = false;           ///< the connection is closed: the order is void
  uint8_t turns = 0;           ///< enum l7_turn_rule; with it, positions at which all was at rest
  uint8_t tails = 0;           ///< the ends of longer ones, too: of sends (1), of receives (2)
  uint8_t frames = 0;          ///< of HTTP/2 begin at these positions
  uint64_t sent_at_rest = 0;
  uint64_t received_at_rest = 0;
  cgroup_id cgroup = 0; ///< else: nothing of any connection of this cgroup, from now on
};

/// To whoever captures.
struct capture_orders {
  std::vector<capture_order> orders;
};

/// A provisional container turned out to be this one, and its state will come. What the reader
/// sends meanwhile goes on where that state ends.
struct inheritance_announced {
  container_key from = 0;
};

/// A provisional container's state on its way to the container it turned out to be.
struct container_inheritance {
  container_key from = 0;
  std::shared_ptr<container_counters> counters; ///< empty: it failed, nothing will come
};

/// Asks a container for a snapshot; `scrape_id` comes back with it.
struct collect {
  uint64_t scrape_id = 0;
};

/// A container's answer to collect.
struct collected {
  uint64_t scrape_id = 0;
  container_snapshot_ptr snapshot;
};

/// What the exporter gives to the HTTP thread, which renders it.
struct scrape_result {
  std::vector<container_snapshot_ptr> containers;
  reader_status reader;
  troupe_status troupe;
  std::vector<runtime_status> runtimes;
  uint64_t stale_containers = 0; ///< served from their last snapshot
  uint64_t generation = 0;       ///< same number, same content: its rendering can be shared
  node_info node;
  latency_histogram route_latency; ///< over all containers, those that are gone included
  uint64_t series_overflow = 0;    ///< likewise
  uint64_t events_invalid = 0;     ///< likewise: records that could not be decoded
  nat_counts nat;                  ///< likewise
  std::vector<l7_understanding> l7_understood; ///< likewise
};

/// How many containers there are, by runtime and state; for tests and /debug/actors.
struct registry_status {
  uint64_t containers = 0;
  uint64_t provisional = 0;
  uint64_t unnamed = 0; ///< have no name yet and will get one; guesses at paths are not among them
  uint64_t cgroups = 0;
  uint64_t restarts_of_containers = 0; ///< container actors that failed and were started anew
  bool walked = false; ///< the walk that the present bpf_reader gave rise to was handled
};

template <class Inspector>
auto inspect(Inspector& f, tick&) {
  return f();
}
template <class Inspector>
auto inspect(Inspector& f, drain&) {
  return f();
}
template <class Inspector>
auto inspect(Inspector& f, get_status&) {
  return f();
}
template <class Inspector>
auto inspect(Inspector& f, list_all&) {
  return f();
}
template <class Inspector>
auto inspect(Inspector& f, get_node_info&) {
  return f();
}
template <class Inspector>
auto inspect(Inspector& f, scan_cgroups&) {
  return f();
}
template <class Inspector>
auto inspect(Inspector& f, scrape&) {
  return f();
}
template <class Inspector>
auto inspect(Inspector& f, route_cgroup& x) {
  return f(x.cgroup, x.container);
}
template <class Inspector>
auto inspect(Inspector& f, ignore_cgroup& x) {
  return f(x.cgroup, x.standalone);
}
template <class Inspector>
auto inspect(Inspector& f, unroute_cgroup& x) {
  return f(x.cgroup);
}
template <class Inspector>
auto inspect(Inspector& f, route_changed& x) {
  return f(x.cgroup, x.container);
}
template <class Inspector>
auto inspect(Inspector& f, cgroup_unknown& x) {
  return f(x.cgroup);
}
template <class Inspector>
auto inspect(Inspector& f, cgroup_removed& x) {
  return f(x.cgroup, x.time_ns);
}
template <class Inspector>
auto inspect(Inspector& f, inheritance_announced& x) {
  return f(x.from);
}

template <class Inspector>
auto inspect(Inspector& f, cgroup_joined& x) {
  return f(x.cgroup, x.time_ns, x.restart);
}
template <class Inspector>
auto inspect(Inspector& f, cgroup_left& x) {
  return f(x.cgroup, x.time_ns);
}
template <class Inspector>
auto inspect(Inspector& f, collect& x) {
  return f(x.scrape_id);
}
template <class Inspector>
auto inspect(Inspector& f, registry_status& x) {
  return f(x.containers, x.provisional, x.unnamed, x.cgroups, x.restarts_of_containers, x.walked);
}

} // namespace troupe
