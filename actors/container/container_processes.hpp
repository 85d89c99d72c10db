// SPDX-License-Identifier: Apache-2.0
#pragma once

// The processes of one container.
//
// Set-up processes are the runtime's, not the container's: a process that was moved into the
// cgroup and has not executed anything since (runc init), and what such a process forks. They
// work for the container before its first own instruction, and end as if they were its own.
//
// runc's first stage executes a sealed copy of itself (since CVE-2019-5736) while its parent moves
// it into the cgroup: on a busy machine the move comes first. That execution changes nothing.
//
// A process that moves on to another container is told of by a process_moved without a cgroup
// (actors/bpf_reader/router.hpp).

#include "bpf/event.h"
#include "messages/identity.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <string_view>
#include <unordered_map>

namespace troupe {

using comm_text = std::array<char, EVENT_COMM_SIZE>;

/// The text of a comm as the kernel fills it: up to the first NUL, which may be missing.
[[nodiscard]] std::string_view to_view(const comm_text& comm);

[[nodiscard]] inline process_id id_of(const event_header& header) {
  return {header.pid, header.start_boottime_ns};
}

struct container_process {
  process_id id;
  comm_text comm{};
  bool setup = false;
  bool moved_in = false; ///< set-up by itself, not by its parent
  bool hook = false;     ///< set-up, and never the container's: runc's init runs it and waits
};

/// What an execution means.
struct process_start {
  bool own = true;      ///< false: a set-up process that goes on as one
  bool entered = false; ///< a process from outside executed its first program of its own
};

/// What the table knew of a process that ended.
struct process_end {
  bool repeated = false; ///< its end was told before
  bool setup = false;
};

class container_processes {
public:
  /// Exits may be lost, so the table has a bound; the process that started first makes room.
  static constexpr size_t processes_max = 8192;
  /// Ended processes are remembered: their sockets close after them.
  static constexpr size_t ended_max = 64;
  /// So are those that moved on: into a nested cgroup of which nobody knew yet that it is ours.
  static constexpr size_t departed_max = 64;

  void forked(const process_forked& record);
  /// `argv` as in the record: NUL after each argument.
  process_start executed(const process_executed& record, std::string_view argv);
  void moved(const process_moved& record);
  void found(const process_found& record);
  process_end exited(const process_exited& record);

  /// The process' name; also shortly after its end. Empty when unknown.
  [[nodiscard]] std::string_view comm_of(const process_id& id) const;

  /// Processes that are the container's own.
  [[nodiscard]] size_t count() const;

  /// Of those the one that started first; all zeros when there is none.
  [[nodiscard]] process_id oldest() const;

  /// Takes over the processes of a table that saw the same container.
  void absorb(container_processes&& other);

  /// The first cgroup was made before our eyes: from here on every process is known from its
  /// beginning.
  void watch_from_birth() { complete_ = true; }

  /// No cgroup is left, so no process is.
  void clear() { live_.clear(); }

private:
  struct ended_process {
    process_id id;
    comm_text comm{};
  };

  [[nodiscard]] const container_process* find(const process_id& id) const;
  container_process* add(const process_id& id, const char (&comm)[EVENT_COMM_SIZE]);
  void depart(const process_id& id);
  bool come_back(const process_id& id);
  [[nodiscard]] bool has_ended(const process_id& id) const;
  void remember_end(const ended_process& ended);
  void make_room();

  std::unordered_map<uint32_t, container_process> live_; ///< by pid: it has one owner at a time
  std::deque<ended_process> ended_;                      ///< oldest first
  std::deque<container_process> departed_;               ///< likewise
  bool complete_ = false;                                ///< no process is older than our looking
};

} // namespace troupe
