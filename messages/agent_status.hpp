// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "messages/identity.hpp"
#include "messages/runtime.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace troupe {

/// One BPF feature: on, or off and why.
struct feature_status {
  /// "process", "cgroup", "oom", "socket", "socket_owner", "socket_scan", "process_iterator",
  /// "socket_iterator"
  std::string feature;
  bool enabled = false;
  std::string reason; ///< empty when enabled
  /// Which of several ways is in use ("tracepoint", "fentry", "kprobe"); empty where there is one.
  std::string hook{};
};

/// Events lost or dropped, by where, why and what.
struct loss_count {
  std::string stage;  ///< "kernel", "reader", "container", "console"
  std::string reason; ///< "ring_full", "ring_share", "map_full", "owner_unknown", "undecided",
                      ///< "recursion", "no_credit", ...
  std::string kind;   ///< "process_forked", "tcp_closed", ...
  uint64_t count = 0;
};

struct event_count {
  std::string kind;
  uint64_t count = 0;
};

struct map_usage {
  std::string map;
  uint64_t entries = 0;
  uint64_t capacity = 0;
};

/// bpf_reader's account of itself.
struct reader_status {
  std::vector<feature_status> features;
  std::vector<event_count> events;
  std::vector<loss_count> losses;
  std::vector<map_usage> maps;
  uint64_t routes = 0;        ///< cgroups that lead to a container
  uint64_t ignored = 0;       ///< cgroups that lead nowhere on purpose
  uint64_t pending_bytes = 0; ///< of events that wait for a route or for credit
};

/// What the metrics say of an actor; of all containers' actors together. /debug/actors says more,
/// see actors/supervisor/actor_board.hpp.
struct actor_status {
  std::string actor;
  uint64_t restarts = 0;
  uint64_t mailbox_messages = 0; ///< waiting
};

/// The command line's account of what it showed of a trace.
struct console_status {
  uint64_t shown = 0;    ///< events printed
  uint64_t filtered = 0; ///< events that came and were not in scope
  uint64_t dropped = 0;  ///< events in scope that a container could not keep until they were taken
};

/// The supervisor's account of its children.
struct troupe_status {
  std::vector<actor_status> actors;
  bool ready = false; ///< every actor runs, the kernel side is attached, the first walk is done
};

} // namespace troupe
