// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "messages/container_metadata.hpp"
#include "messages/l7.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace troupe {

struct exec_trace {
  std::vector<std::string> argv;
  bool argv_truncated = false;
  uint32_t ppid = 0;
  uint32_t uid = 0;
};

struct exit_trace {
  int exit_code = 0;
  int signal = 0;
  bool oom = false;
  bool setup =
      false; ///< a runtime's helper (runc init) that never executed anything in the container
  uint64_t duration_ns = 0;
  uint32_t ppid = 0;
  uint32_t uid = 0;
};

enum class tcp_action : uint8_t { listen, connect, accept, connect_failed, close };

struct tcp_trace {
  tcp_action action = tcp_action::connect;
  bool inbound = false;
  std::string src; ///< "ip:port" of the side that dialled
  std::string dst; ///< "ip:port" that was dialled
  std::string actual_dst;
  uint64_t bytes_sent = 0;
  uint64_t bytes_received = 0;
  uint64_t rtt_ns = 0;
  uint64_t retransmits = 0;
  uint64_t duration_ns = 0; ///< close: how long it was open; connect, connect_failed: the handshake
  int error = 0;            ///< errno
};

/// What the kernel shows of a container's life.
enum class life_action : uint8_t {
  created, ///< its first cgroup was made, or one more after a restart
  started, ///< its init process executed the first program of its own
  exec,    ///< a process came in from outside beside the init process, and executed its program
  exec_exited,
  oom,    ///< a process of it was killed for want of memory
  exited, ///< its init process ended
  gone,   ///< its last cgroup was removed
};

/// As in JSON: "created", "started", "exec", ...
std::string_view to_string(life_action action);

struct life_trace {
  life_action action = life_action::created;
  std::vector<std::string> argv; ///< of started and exec
  bool argv_truncated = false;
  std::optional<int> exit_code; ///< of exits: as a shell has it, 128 + signal for a signal
  int signal = 0;               ///< of exits
  bool oom = false;             ///< of exits
  uint64_t duration_ns = 0;     ///< of exits: since the process started
};

/// A request with its answer.
struct l7_trace {
  std::shared_ptr<const l7_exchange> exchange; ///< never null; apart, so that others stay small
  bool inbound = false;
  std::string src; ///< "ip:port" of the side that dialled
  std::string dst; ///< "ip:port" that was dialled
};

/// An event as a person traces it. Which kind it is follows from `detail` (oom: exit_trace with
/// oom).
struct trace_event {
  uint64_t time_ns = 0; ///< CLOCK_BOOTTIME
  process_id process;
  std::string comm;
  std::variant<exec_trace, exit_trace, tcp_trace, life_trace, l7_trace> detail;
};

/// Traced events of one container, sent when it has a name (or a fallback).
struct trace_batch {
  container_key key = 0;
  container_identity identity;
  runtime_kind runtime = runtime_kind::unknown;
  std::string runtime_id;
  std::map<std::string, std::string> labels;
  std::vector<trace_event> events;
  uint64_t dropped =
      0; ///< events this container could not keep for the console since the last batch
};

/// What a container makes trace events of; a bit set.
enum trace_mask : uint8_t {
  trace_none = 0,
  trace_exec = 1,
  trace_exit = 2,
  trace_tcp = 4,
  trace_oom = 8,
  trace_life = 16,
  trace_l7 = 32,
  trace_flows = 64 ///< no events: who talks to whom is summed up (container_snapshot::flows)
};

} // namespace troupe
