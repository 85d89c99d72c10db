// SPDX-License-Identifier: Apache-2.0
#pragma once

// Shared with: recorder
//
// Where records come from: the kernel, a recording, or a test.

#include "bpf/event.h"
#include "messages/agent_status.hpp"

#include <chrono>
#include <vector>

namespace troupe {

/// Takes records one by one. A record is its header and what follows it, header.size bytes in all;
/// it ends with the call.
class record_sink {
public:
  virtual void take(const event_header& record) = 0;

protected:
  ~record_sink() = default;
};

/// At most so much one poll of a source that is not live gives.
inline constexpr uint32_t replayed_bytes_a_poll = 1U << 20;

/// All of it is called by one thread. Nothing blocks but poll(), and that for at most `wait`.
class event_source {
public:
  virtual ~event_source() = default;

  /// True for the kernel: its records are of now, and what is not polled for is lost. A recording
  /// has its own clock, and waits for whoever is behind.
  [[nodiscard]] virtual bool live() const { return true; }

  /// True when nothing will come any more.
  [[nodiscard]] virtual bool ended() const { return false; }

  /// Waits until much has gathered, but at most so long; then gives what is there, a bounded
  /// amount, in order.
  virtual void poll(std::chrono::milliseconds wait, record_sink& sink) = 0;

  /// Gives a process_found for every process, merged by time with what lies in the ring. False
  /// when the walk could not be made or was cut off.
  virtual bool walk_processes(record_sink& sink) = 0;

  /// Gives the sockets that were open before the source was. Once.
  virtual void scan_sockets(record_sink& sink) = 0;

  /// Gives the progress of live connections, merged by time with what lies in the ring.
  virtual void walk_sockets(record_sink& sink) = 0;

  /// Wants no more process and socket events of a cgroup, or wants them again. Best effort.
  virtual void set_ignored(cgroup_id cgroup, bool ignored) = 0;

  /// How much of a connection's sends and receives is wanted from now on. Best effort: what was
  /// wanted before may still come.
  /// Captures nothing of this cgroup's connections, until set_ignored() says anything of it.
  virtual void set_uncaptured(cgroup_id /*cgroup*/) {}
  virtual void set_verdict(uint64_t /*socket_cookie*/, const l7_verdict& /*verdict*/) {}
  /// The connection is over.
  virtual void forget_verdict(uint64_t /*socket_cookie*/) {}

  [[nodiscard]] virtual std::vector<feature_status> features() const = 0;

  /// All losses since the start.
  [[nodiscard]] virtual std::vector<loss_count> losses() = 0;

  /// True when a lifecycle event was lost since the last call.
  [[nodiscard]] virtual bool lost_lifecycle() = 0;

  [[nodiscard]] virtual std::vector<map_usage> map_usages() = 0;
};

} // namespace troupe
