// SPDX-License-Identifier: Apache-2.0

// What time, failures and restarted neighbours ask of the registry's table.

#include "actors/registry/container_id.hpp"
#include "actors/registry/registry_table.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

namespace troupe {

void registry_table::tick(time_point now) {
  for (auto key : to_retire(now))
    retire(key);
  std::vector<container_key> unnamed;
  for (const auto& [key, record] : containers_)
    if (record.identity.container_id.empty()
        && now - record.created >= options_.fallback_name_after)
      unnamed.push_back(key);
  for (auto key : unnamed)
    name_by_fallback(key);

  // Cgroups that are gone before their container: nested ones, and those from before a restart.
  std::vector<cgroup_id> forgotten;
  for (const auto& [id, record] : cgroups_)
    if (!record.live && now - record.gone_since >= options_.retire_after)
      forgotten.push_back(id);
  for (auto id : forgotten)
    forget_cgroup(id);

  replay_lookups(); // The host did not answer in time, or was away.
}

std::optional<registry_table::time_point> registry_table::next_fallback(time_point now) const {
  std::optional<time_point> next;
  for (const auto& [key, record] : containers_) {
    const auto due = record.created + options_.fallback_name_after;
    // Those that are overdue have none: see identify().
    if (record.identity.container_id.empty() && due > now && (!next || due < *next))
      next = due;
  }
  return next;
}

/// Without a cgroup for so long that nobody wants to see it any more.
bool registry_table::is_over(const container_record& record, time_point now) const {
  return record.live == 0 && now - record.empty_since >= options_.retire_after;
}

std::vector<container_key> registry_table::to_retire(time_point now) const {
  std::vector<container_key> result;
  std::vector<std::pair<time_point, container_key>> kept;
  for (const auto& [key, record] : containers_) {
    if (!is_over(record, now))
      continue;
    // Its runtime knows it, and has not said that it was removed: it may be started again.
    if (record.answered && !record.forgotten && !record.given_up())
      kept.emplace_back(record.empty_since, key);
    else
      result.push_back(key);
  }
  if (kept.size() > kept_containers_max) {
    const auto surplus =
        kept.begin() + static_cast<std::ptrdiff_t>(kept.size() - kept_containers_max);
    std::nth_element(kept.begin(), surplus, kept.end());
    for (auto x = kept.begin(); x != surplus; ++x)
      result.push_back(x->second);
  }
  return result;
}

void registry_table::retire(container_key key) {
  const auto cgroups = containers_.at(key).cgroups;
  for (auto cgroup : cgroups)
    forget_cgroup(cgroup);
  forget_container(key);
}

/// Ends the container and takes it out of every index.
void registry_table::forget_container(container_key key) {
  const auto& record = containers_.at(key);
  if (record.question != 0) {
    by_question_.erase(record.question);
    orders_.abandon(record.question);
  }
  for (const auto& id : record.runtime_ids)
    if (auto i = by_runtime_id_.find(id); i != by_runtime_id_.end() && i->second == key)
      by_runtime_id_.erase(i);
  if (auto i = by_container_id_.find(record.identity.container_id);
      i != by_container_id_.end() && i->second == key)
    by_container_id_.erase(i);
  containers_.erase(key);
  forget_inheritances(key);
  orders_.end(key);
}

void registry_table::forget_cgroup(cgroup_id cgroup) {
  const auto found = cgroups_.find(cgroup);
  if (found == cgroups_.end())
    return;
  if (auto owner = containers_.find(found->second.owner); owner != containers_.end())
    owner->second.cgroups.erase(cgroup);
  cgroups_.erase(found);
  orders_.unroute(cgroup); // If its route is being switched, the reader does that first.
}

void registry_table::route_confirmed(const route_changed& changed) {
  for (auto& [key, leaving] : leaving_)
    if (changed.container != key)
      leaving.waiting.erase(changed.cgroup);
  hand_over_ready();
}

/// Those that have everything that was for them.
void registry_table::hand_over_ready() {
  std::vector<std::pair<container_key, container_key>> ready;
  for (auto& [key, leaving] : leaving_)
    if (leaving.waiting.empty() && !std::exchange(leaving.told, true))
      ready.emplace_back(key, leaving.heir);
  for (const auto& [from, to] : ready)
    orders_.hand_over(from, to);
}

/// The container that would inherit is no more.
void registry_table::forget_inheritances(container_key heir) {
  std::vector<container_key> ended;
  for (const auto& [key, leaving] : leaving_)
    if (leaving.heir == heir)
      ended.push_back(key);
  for (auto key : ended) {
    leaving_.erase(key);
    orders_.end(key);
  }
}

/// Tells the reader again where a cgroup leads.
void registry_table::settle(cgroup_id cgroup) {
  const auto owner = containers_.find(cgroups_.at(cgroup).owner);
  if (owner == containers_.end())
    set_aside(cgroup);
  else if (owner->second.given_up())
    orders_.ignore(cgroup, false);
  else
    orders_.route(cgroup, owner->first);
}

void registry_table::replay_routes() {
  // From the former reader nothing comes any more, and this one has none of the former routes.
  for (auto& [key, leaving] : leaving_)
    leaving.waiting.clear();
  hand_over_ready();
  for (const auto& [id, record] : cgroups_)
    settle(id);
}

void registry_table::reader_replaced(time_point now) {
  std::vector<cgroup_id> gone;
  for (const auto& [id, record] : cgroups_)
    if (record.live && (id & standalone_bit) != 0)
      gone.push_back(id);
  for (auto id : gone)
    leave(id, 0, now);
}

void registry_table::replay_questions() {
  for (const auto& [question, key] : by_question_)
    orders_.ask(question, containers_.at(key).cgroup);
}

void registry_table::replay_lookups() {
  for (auto cgroup : looked_up_)
    orders_.look_up(cgroup);
}

void registry_table::handed_over(container_key from) {
  const auto found = leaving_.find(from);
  if (found == leaving_.end())
    return;
  // If it has failed before it could, its heir has waited long enough; if not, it waits no more.
  const auto heir = found->second.heir;
  leaving_.erase(found);
  orders_.release(from, heir);
}

void registry_table::container_failed(container_key key) {
  handed_over(key);
  const auto found = containers_.find(key);
  if (found == containers_.end())
    return;
  auto& record = found->second;
  ++failed_containers_;
  ++record.failures;
  if (record.given_up()) {
    spdlog::error("registry container-given-up {} failed too often: its cgroups are ignored",
                  record.identity.container_id);
    forget_inheritances(key);
    for (auto cgroup : record.cgroups)
      orders_.ignore(cgroup, false);
    return;
  }
  start_again(key);
}

/// A new actor in the place of one that failed: what it had counted is lost, what it is is not.
void registry_table::start_again(container_key key) {
  const auto& record = containers_.at(key);
  orders_.start(key);
  for (auto cgroup : record.cgroups)
    if (cgroups_.at(cgroup).live)
      orders_.tell(key, cgroup_joined{cgroup, 0, false});
  if (!record.identity.container_id.empty())
    orders_.tell(key, container_named{record.identity, record.metadata});
  for (const auto& [from, leaving] : leaving_)
    if (leaving.heir == key && !leaving.told)
      orders_.announce(from, key); // Others have given what they had to the one that failed.
  for (auto cgroup : record.cgroups)
    orders_.route(cgroup, key);
}

/// A container's next incarnation gets a new chance.
void registry_table::start_if_given_up(container_key key) {
  auto& record = containers_.at(key);
  if (!record.given_up())
    return;
  record.failures = 0;
  start_again(key);
}

bool registry_table::is_doubtful(const container_record& record, time_point now) const {
  return record.identity.container_id.empty() && now - record.created > options_.fallback_name_after
         && identify(record.cgroup).container_id.empty();
}

std::vector<container_key> registry_table::containers(time_point now) const {
  std::vector<container_key> result;
  result.reserve(containers_.size());
  for (const auto& [key, record] : containers_)
    if (!record.given_up() && !is_over(record, now) && !is_doubtful(record, now))
      result.push_back(key);
  return result;
}

registry_status registry_table::status() const {
  registry_status result;
  result.containers = containers_.size();
  for (const auto& [key, record] : containers_) {
    result.provisional += record.resolved ? 0 : 1;
    const bool nameless = record.identity.container_id.empty() && !record.given_up();
    result.unnamed += nameless && !identify(record.cgroup).container_id.empty() ? 1 : 0;
  }
  result.cgroups = cgroups_.size();
  result.restarts_of_containers = failed_containers_;
  return result;
}

} // namespace troupe
