// SPDX-License-Identifier: Apache-2.0
#pragma once

// Which cgroup each process was in when we heard of it last: so that a move is told to the
// container that the process left, and that what was lost can be found by comparing.

#include "actors/bpf_reader/flat_map.hpp"
#include "bpf/event.h"
#include "messages/identity.hpp"

#include <optional>
#include <vector>

namespace troupe {

class process_table {
public:
  /// What a record of a process means to the table.
  struct verdict {
    bool news = true; ///< false: a process_found that we knew already
    /// Another cgroup that the process was in before; 0: none. Also of an exit: threads that die
    /// while others are moved stay where they were, and the last one's cgroup is told.
    cgroup_id left = 0;
    /// The pid was another process's, so that one has exited.
    std::optional<process_exited> lost_exit;
  };

  /// Takes in any EVENT_PROCESS_* record.
  verdict note(const event_header& record);

  /// A cgroup whose processes nobody wants to know.
  void forget(cgroup_id cgroup);
  /// A process went where nobody wants to know.
  void forget_process(uint32_t pid);

  /// A walk through all processes begins; every process_found noted until its end is part of it.
  void begin_walk() { ++walk_; }

  /// Records of the exits that were lost: processes that began before `begun_before_ns`, and that
  /// the walk did not find. They are taken out.
  std::vector<process_exited> end_walk(uint64_t begun_before_ns, uint64_t now_ns);

  [[nodiscard]] size_t size() const { return processes_.size(); }

private:
  struct entry {
    uint64_t start_boottime_ns = 0;
    cgroup_id cgroup = 0;
    uint32_t walk = 0; ///< the last one that found it
  };

  static process_exited exit_of(uint64_t pid, const entry& x, uint64_t now_ns);

  flat_map<entry> processes_; // By pid: one process at a time has it.
  uint32_t walk_ = 0;
};

} // namespace troupe
