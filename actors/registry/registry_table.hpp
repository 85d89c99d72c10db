// SPDX-License-Identifier: Apache-2.0
#pragma once

// Which containers exist, which cgroups are theirs, and who they are: all decisions of the
// registry, without actors. Time comes in as an argument.

#include "actors/registry/registry_orders.hpp"
#include "messages/host.hpp"
#include "messages/settings.hpp"
#include "messages/workloads.hpp"

#include <chrono>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace troupe {

/// A container that failed more often than this stays away, and its cgroups are ignored.
inline constexpr uint32_t container_failures_max = 8;

/// Containers without a cgroup that are kept beyond retire_after because their runtime still lists
/// them: started again, they go on counting. Of more than these the oldest retire.
inline constexpr size_t kept_containers_max = 1000;

class registry_table {
public:
  using time_point = std::chrono::steady_clock::time_point;

  registry_table(const settings& options, registry_orders& orders)
      : options_(options), orders_(orders) {}

  registry_table(const registry_table&) = delete;
  registry_table& operator=(const registry_table&) = delete;

  // From bpf_reader and the host.
  void found(const cgroup_found& cgroup, time_point now);
  void listed(const cgroup_listing& listing, time_point now);
  void unknown(cgroup_id cgroup);
  void removed(const cgroup_removed& removed, time_point now);
  void route_confirmed(const route_changed& changed);
  /// The host says that there is no such cgroup.
  void not_found(cgroup_id cgroup, time_point now);

  // From runtime_metadata.
  void resolved(const container_resolved& answer, time_point now);

  // From kubernetes_workloads.
  void set_workloads(const pod_workloads& known);

  // From the clock.
  void tick(time_point now);
  /// When the next container without a name gets its fallback; empty: none waits for it.
  [[nodiscard]] std::optional<time_point> next_fallback(time_point now) const;

  // When others were started anew.
  void replay_routes();
  /// What the former reader made up is gone with it.
  void reader_replaced(time_point now);
  void replay_questions();
  void replay_lookups();
  /// From here on, cgroups that the next listing does not have are gone.
  void walk_begins();

  /// The actor of a container that another one adopted has ended.
  void handed_over(container_key from);
  /// The container's actor failed: starts another one in its place.
  void container_failed(container_key key);

  /// Containers that are exported: not those that have handed over, nor those that are only kept
  /// for their next start, nor what may be none: a guess that no runtime has confirmed in the time
  /// in which others get a fallback name.
  [[nodiscard]] std::vector<container_key> containers(time_point now) const;
  [[nodiscard]] registry_status status() const;

private:
  struct cgroup_record {
    std::string path;
    container_key owner = 0; ///< 0: nobody's, ignored
    bool live = true;
    time_point gone_since;
    uint32_t walk = 0; ///< how many walks had begun when it was found
  };

  struct container_record {
    cgroup_identity cgroup;      ///< what the path of its newest cgroup says
    container_identity identity; ///< container_id is empty while it has no name
    container_metadata metadata;
    std::set<cgroup_id> cgroups; ///< all that lead to it, gone ones too
    size_t live = 0;             ///< how many of them exist
    time_point created;
    time_point empty_since;
    container_key parent = 0;   ///< the container whose cgroup it lies in; 0: none
    container_key question = 0; ///< the key under which the runtime was asked; 0: it was not
    bool resolved = false;      ///< the name is final, as far as one can say now
    bool answered = false;      ///< a runtime knows it, or knew it
    bool forgotten = false;     ///< the runtime removed it
    bool had_cgroup = false;    ///< a further one is a restart, if it has none at that time
    std::vector<std::string> runtime_ids; ///< under which by_runtime_id_ knows it
    uint32_t failures = 0;

    [[nodiscard]] bool given_up() const { return failures > container_failures_max; }
  };

  /// A container that another one adopted, until its actor has ended.
  struct leaving_record {
    container_key heir = 0;
    std::set<cgroup_id> waiting; ///< whose routes the reader has not switched yet
    bool told = false;           ///< to hand over
  };

  // registry_table.cpp: cgroups
  bool is_wanted(const cgroup_identity& identity) const;
  void set_aside(cgroup_id cgroup);
  void take(const cgroup_found& cgroup, time_point now);
  container_key owner_of(const cgroup_found& cgroup, const cgroup_identity& identity,
                         time_point now);
  container_key owner_above(std::string_view path) const;
  container_key make_container(const cgroup_identity& identity, container_key parent,
                               time_point now);
  void join(container_key key, const cgroup_found& cgroup, bool restart);
  void revive(container_key key, const cgroup_identity& identity);
  void leave(cgroup_id cgroup, uint64_t time_ns, time_point now);

  // registry_naming.cpp: names
  void name_by_path(container_key key);
  void name_by_fallback(container_key key);
  bool is_over(const container_record& record, time_point now) const;
  bool is_doubtful(const container_record& record, time_point now) const;
  void set_name(container_key key, container_identity identity);
  void give_workload(container_identity& identity) const;
  bool is_answer_to(const container_record& asked, const container_resolved& answer) const;
  void adopt(container_key from, container_key to, const container_resolved& answer,
             time_point now);
  void move_cgroups(const std::set<cgroup_id>& cgroups, container_key from, container_key to);
  bool may_adopt(const container_record& from, const container_record& to) const;
  void drop_sandbox(container_key key);

  // registry_upkeep.cpp: what time and failures ask for
  std::vector<container_key> to_retire(time_point now) const;
  void retire(container_key key);
  void forget_container(container_key key);
  void forget_cgroup(cgroup_id cgroup);
  void hand_over_ready();
  void forget_inheritances(container_key heir);
  void settle(cgroup_id cgroup);
  void start_again(container_key key);
  void start_if_given_up(container_key key);

  settings options_;
  registry_orders& orders_;
  container_key last_key_ = 0;
  uint32_t walk_ = 0;
  bool walking_ = false;
  /// Since the walk began: it may have seen them before.
  std::unordered_set<cgroup_id> removed_meanwhile_;
  uint64_t failed_containers_ = 0;
  std::unordered_map<cgroup_id, cgroup_record> cgroups_;
  std::unordered_map<container_key, container_record> containers_;
  std::unordered_map<std::string, cgroup_id> by_path_; ///< live cgroups
  std::unordered_map<std::string, container_key> by_runtime_id_;
  std::unordered_map<std::string, container_key> by_container_id_;
  /// The runtime answers under the key of the container that was provisional then.
  std::unordered_map<container_key, container_key> by_question_;
  std::unordered_map<container_key, leaving_record> leaving_;
  std::unordered_map<std::string, pod_workload> workloads_; ///< by namespace and pod
  std::unordered_set<cgroup_id> looked_up_; ///< the host was asked and has not answered
};

} // namespace troupe
