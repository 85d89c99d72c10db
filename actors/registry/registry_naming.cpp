// SPDX-License-Identifier: Apache-2.0

// How the registry's containers get their names, and find out that they are the same.

#include "actors/registry/container_id.hpp"
#include "actors/registry/registry_table.hpp"

#include <spdlog/spdlog.h>

#include <utility>

namespace troupe {

namespace {

/// What a cgroup's path alone tells about a container.
container_metadata metadata_of(const cgroup_identity& cgroup) {
  container_metadata result;
  result.runtime = cgroup.runtime;
  result.id = cgroup.id;
  result.name_space = cgroup.name_space;
  return result;
}

/// Neither has a line's end in it, as the API has them and as identify() makes them.
std::string pod_key(const std::string& name_space, const std::string& pod) {
  return name_space + "\n" + pod;
}

/// Runs of a CronJob share one id: each is a run, and not a restart.
bool counts_restarts(const container_identity& identity) {
  return !identity.container_id.starts_with("/k8s-cronjob/");
}

} // namespace

/// A new container: what has its name from its path gets it at once; about all that have a runtime
/// the runtime is asked.
void registry_table::name_by_path(container_key key) {
  auto& record = containers_.at(key);
  record.metadata = metadata_of(record.cgroup);
  if (!needs_runtime(record.cgroup)) {
    auto identity = identify(record.cgroup);
    record.metadata.name = identity.container;
    record.metadata.state = container_state::running;
    record.resolved = true;
    set_name(key, std::move(identity));
    if (record.cgroup.runtime != runtime_kind::systemd || record.cgroup.kind != cgroup_kind::service
        || options_.runtimes_off)
      return;
    // The name is final, but systemd knows more: type, trigger, limits, how it ended.
  } else if (options_.runtimes_off) {
    return name_by_fallback(key); // Nobody will answer.
  }
  record.question = key;
  by_question_.emplace(key, key);
  orders_.ask(key, record.cgroup);
}

void registry_table::name_by_fallback(container_key key) {
  auto identity = identify(containers_.at(key).cgroup);
  if (!identity.container_id.empty() && !by_container_id_.contains(identity.container_id))
    set_name(key, std::move(identity));
}

void registry_table::set_name(container_key key, container_identity identity) {
  auto& record = containers_.at(key);
  give_workload(identity);
  if (record.identity.container_id != identity.container_id) {
    if (auto old = by_container_id_.find(record.identity.container_id);
        old != by_container_id_.end() && old->second == key)
      by_container_id_.erase(old);
    by_container_id_.insert_or_assign(identity.container_id, key);
  }
  record.identity = std::move(identity);
  orders_.tell(key, container_named{record.identity, record.metadata});
}

/// What the owner references say goes before what the pod's name looks like.
void registry_table::give_workload(container_identity& identity) const {
  if (identity.pod.empty())
    return;
  if (const auto known = workloads_.find(pod_key(identity.name_space, identity.pod));
      known != workloads_.end())
    set_workload(identity, known->second);
}

/// A pod that is no longer listed keeps the workload that it had.
void registry_table::set_workloads(const pod_workloads& known) {
  workloads_.clear();
  for (const auto& x : known.pods)
    workloads_.insert_or_assign(pod_key(x.name_space, x.pod), x);
  for (auto& [key, record] : containers_) {
    auto identity = record.identity;
    give_workload(identity);
    if (identity == record.identity)
      continue;
    record.identity = std::move(identity);
    orders_.tell(key, container_named{record.identity, record.metadata});
  }
}

/// Short ids (ctr run web) are no proof, but the runtime looks them up exactly.
bool registry_table::is_answer_to(const container_record& asked,
                                  const container_resolved& answer) const {
  return asked.question == answer.key && answer.metadata.id == asked.cgroup.id;
}

void registry_table::resolved(const container_resolved& answer, time_point now) {
  const auto question = by_question_.find(answer.key);
  if (question == by_question_.end())
    return; // The container was retired meanwhile.
  const auto key = question->second;
  auto& record = containers_.at(key);
  if (!is_answer_to(record, answer)) {
    spdlog::warn("registry wrong-answer a runtime answered about another container than the one "
                 "it was asked about; ignored");
    return;
  }
  record.answered = true;
  record.forgotten = answer.removed;
  if (answer.metadata.sandbox && !holds_whole_pod(answer.metadata))
    return drop_sandbox(key);
  auto identity = identify(record.cgroup, answer.metadata);
  if (identity.container_id.empty())
    return; // Neither path nor runtime give a name.
  const auto same = by_container_id_.find(identity.container_id);
  if (same != by_container_id_.end() && same->second != key) {
    const auto other = same->second;
    if (!record.resolved)
      return adopt(key, other, answer, now);
    if (containers_.at(other).live > 0)
      return;      // Two of one name at a time: its owner's own renaming has not come yet.
    retire(other); // A renamed container takes the name of one that is gone.
  }
  record.resolved = true;
  record.metadata = answer.metadata;
  set_name(key, std::move(identity));
}

bool registry_table::may_adopt(const container_record& from, const container_record& to) const {
  return from.parent == 0 || from.parent == to.parent;
}

/// A provisional container turned out to be one that exists: after a restart under a new id.
void registry_table::adopt(container_key from, container_key to, const container_resolved& answer,
                           time_point now) {
  if (!may_adopt(containers_.at(from), containers_.at(to))) {
    spdlog::warn("registry adoption-refused a cgroup within another container's has the id of {}; "
                 "it stays unnamed",
                 containers_.at(to).identity.container_id);
    return;
  }
  start_if_given_up(to);
  const auto source = std::move(containers_.extract(from).mapped());
  auto& target = containers_.at(to);
  move_cgroups(source.cgroups, from, to);
  // Answers about the former incarnation are of no interest any more.
  if (target.question != 0) {
    by_question_.erase(target.question);
    orders_.abandon(target.question);
  }
  target.question = source.question;
  by_question_.insert_or_assign(source.question, to);
  for (const auto& id : source.runtime_ids) {
    by_runtime_id_.insert_or_assign(id, to);
    target.runtime_ids.push_back(id);
  }
  target.live += source.live;
  if (target.live == 0)
    target.empty_since = now;
  target.cgroup = source.cgroup;
  target.answered = true;
  target.forgotten = answer.removed;
  target.resolved = true;
  target.metadata = answer.metadata;
  set_name(to, identify(target.cgroup, answer.metadata));
}

/// Hands a container's cgroups and state to another one, without losing a batch or changing the
/// order: `to` holds back what it gets over the new routes. When the reader has switched them all,
/// `from` has everything that was for it, and gives it to `to`; see route_confirmed().
void registry_table::move_cgroups(const std::set<cgroup_id>& cgroups, container_key from,
                                  container_key to) {
  auto& target = containers_.at(to);
  bool restart = counts_restarts(target.identity);
  for (auto cgroup : cgroups) {
    cgroups_.at(cgroup).owner = to;
    target.cgroups.insert(cgroup);
    orders_.tell(to, cgroup_joined{cgroup, 0, std::exchange(restart, false)});
  }
  for (auto cgroup : cgroups) // What `from` had left, `to` has to leave too.
    if (!cgroups_.at(cgroup).live)
      orders_.tell(to, cgroup_left{cgroup, 0});
  orders_.announce(from, to);
  leaving_.emplace(from, leaving_record{to, cgroups, false});
  for (auto cgroup : cgroups)
    orders_.route(cgroup, to);
  hand_over_ready(); // If there is none.
}

/// A pod's pause container: it does nothing, and nobody wants to see it.
void registry_table::drop_sandbox(container_key key) {
  const auto cgroups = containers_.at(key).cgroups;
  forget_container(key);
  for (auto cgroup : cgroups) {
    cgroups_.at(cgroup).owner = 0;
    orders_.ignore(cgroup, false);
  }
}

} // namespace troupe
