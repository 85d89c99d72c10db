// SPDX-License-Identifier: Apache-2.0
#pragma once

// Processes outside of all containers, told apart by their name: one more step before the router,
// only where settings.standalone asks for it.

#include "actors/bpf_reader/event_source.hpp"
#include "actors/bpf_reader/flat_map.hpp"
#include "actors/bpf_reader/router.hpp"

#include <string>
#include <unordered_map>
#include <vector>

namespace troupe {

/// Gives processes in cgroups without a container an id of their own at their first socket event:
/// one for all that have the same name then, with standalone_bit. The router, and all behind it,
/// take it for a cgroup's: it is announced as one (path "standalone/<name>", which no directory
/// has), and removed some time after the last of these processes has ended.
///
/// All other records go on as they are.
class standalone_processes final : public record_sink {
public:
  /// What comes after a process has ended: its sockets' last words.
  static constexpr uint64_t linger_ns = 10'000'000'000;
  /// Names beyond this are left alone, so that nobody can make containers without end.
  static constexpr size_t names_max = 1024;

  /// Ids are counted up from `first_id`.
  standalone_processes(router& to, cgroup_id first_id);

  void take(const event_header& record) override;

  /// Nobody's cgroup: its processes stand alone. What the router kept for it is gone through now.
  void adopt(cgroup_id cgroup);
  /// The cgroup is gone, or somebody's.
  void forget(cgroup_id cgroup);

  /// As in router: processes that a whole walk does not find have ended.
  void begin_walk() { ++walk_; }
  void end_walk(uint64_t begun_before_ns);

  /// Lets go of those that ended some time ago, by the time of the records.
  void tidy();

  [[nodiscard]] size_t names() const { return names_.size(); }
  [[nodiscard]] size_t processes() const { return processes_.size(); }

private:
  struct process {
    uint64_t start_boottime_ns = 0;
    uint64_t ended_ns = 0;  ///< 0: it lives
    cgroup_id standing = 0; ///< its name's id; 0: no socket yet
    uint32_t walk = 0;      ///< the last one that found it
    uint32_t parent_pid = 0;
    uint32_t uid = 0;
    char comm[EVENT_COMM_SIZE]{};
  };

  struct name {
    cgroup_id id = 0;
    size_t processes = 0;
  };

  [[nodiscard]] bool stands_alone(cgroup_id cgroup) { return cgroups_.find(cgroup) != nullptr; }
  process* find(const event_header& record);
  void take_process(const event_header& record);
  void take_exit(const event_header& record);
  void take_data(const event_header& record);
  process& note(const event_header& record);
  void stand(const event_header& record, process& x);
  void leave(process& x);
  void announce(const event_header& cause, cgroup_id id, const std::string& comm);
  void pass(const event_header& record);
  void pass_as(cgroup_id id, const event_header& record);

  router& router_;
  cgroup_id next_id_;
  uint64_t now_ns_ = 0; ///< of the newest record
  uint32_t walk_ = 0;
  bool again_ = false;          ///< what comes was counted before
  flat_map<bool> cgroups_;      ///< those that are nobody's
  flat_map<process> processes_; ///< by pid, of these cgroups
  std::unordered_map<std::string, name> names_;
  std::unordered_map<cgroup_id, std::string> by_id_;
  std::vector<uint64_t> changed_; ///< a record with another cgroup; of 8 bytes for its alignment
};

} // namespace troupe
