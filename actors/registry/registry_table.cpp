// SPDX-License-Identifier: Apache-2.0

#include "actors/registry/registry_table.hpp"

#include "actors/registry/cgroup_path.hpp"
#include "actors/registry/container_id.hpp"
#include "actors/registry/path_forms.hpp"

#include <utility>

namespace troupe {

namespace {

/// Ids of 64 digits are unique by themselves; short ones within their runtime and namespace.
std::string runtime_key(const cgroup_identity& identity) {
  if (is_long_id(identity.id))
    return identity.id;
  return std::string{to_string(identity.runtime)} + "\n" + identity.name_space + "\n" + identity.id;
}

/// What bpf_reader made up is known by its id, and by its path, which does not begin with "/": no
/// directory has such a one, whatever a container makes.
cgroup_identity identity_of(const cgroup_found& cgroup) {
  constexpr std::string_view prefix = "standalone/";
  if ((cgroup.id & standalone_bit) == 0 || !cgroup.path.starts_with(prefix))
    return parse_cgroup_path(cgroup.path);
  cgroup_identity result;
  result.kind = cgroup_kind::standalone;
  result.id = cgroup.path.substr(prefix.size());
  return result;
}

} // namespace

void registry_table::found(const cgroup_found& cgroup, time_point now) {
  looked_up_.erase(cgroup.id);
  if (cgroups_.contains(cgroup.id))
    return settle(cgroup.id); // The reader asks, so it has no route.
  take(cgroup, now);
}

void registry_table::walk_begins() {
  ++walk_;
  walking_ = true;
  removed_meanwhile_.clear();
}

void registry_table::listed(const cgroup_listing& listing, time_point now) {
  if (listing.complete) {
    std::unordered_set<cgroup_id> present;
    for (const auto& cgroup : listing.cgroups)
      present.insert(cgroup.id);
    // Those whose removal nobody saw. What was found after the walk began may be newer than it.
    std::vector<cgroup_id> gone;
    for (const auto& [id, record] : cgroups_)
      if (record.live && record.walk < walk_ && (id & standalone_bit) == 0 && !present.contains(id))
        gone.push_back(id);
    for (auto id : gone)
      leave(id, 0, now);
  }
  for (const auto& cgroup : listing.cgroups) {
    if (cgroups_.contains(cgroup.id))
      continue;
    const bool gone = removed_meanwhile_.contains(cgroup.id);
    if (gone && by_path_.contains(cgroup.path))
      continue;        // Another one has taken its place.
    take(cgroup, now); // Also what is gone by now: the reader keeps its events.
    if (gone)
      leave(cgroup.id, 0, now);
  }
  walking_ = false;
  removed_meanwhile_.clear();
}

void registry_table::unknown(cgroup_id cgroup) {
  if (cgroups_.contains(cgroup))
    return settle(cgroup);
  if (looked_up_.insert(cgroup).second)
    orders_.look_up(cgroup);
}

void registry_table::removed(const cgroup_removed& removed, time_point now) {
  if (walking_)
    removed_meanwhile_.insert(removed.cgroup);
  leave(removed.cgroup, removed.time_ns, now);
}

void registry_table::not_found(cgroup_id cgroup, time_point now) {
  looked_up_.erase(cgroup);
  if (cgroups_.contains(cgroup))
    return;
  // Its mkdir was lost and it is gone already. Kept for a while, since more of its events may come.
  cgroups_.emplace(cgroup, cgroup_record{"", 0, false, now, walk_});
  orders_.ignore(cgroup, false);
}

void registry_table::take(const cgroup_found& cgroup, time_point now) {
  // A path has one cgroup at a time: the former one's removal was lost.
  if (auto former = by_path_.find(cgroup.path); former != by_path_.end())
    leave(former->second, cgroup.time_ns, now);
  cgroups_.emplace(cgroup.id, cgroup_record{cgroup.path, 0, true, {}, walk_});
  by_path_.insert_or_assign(cgroup.path, cgroup.id);

  const auto identity = identity_of(cgroup);
  if (!is_wanted(identity))
    return set_aside(cgroup.id);
  const auto key = owner_of(cgroup, identity, now);
  auto& record = containers_.at(key);
  // It was there before and all of its cgroups were gone: it has been started again.
  const bool restart = record.had_cgroup && record.live == 0;
  if (restart)
    revive(key, identity);
  join(key, cgroup, restart);
  if (!record.resolved && record.identity.container_id.empty() && record.question == 0)
    name_by_path(key);
}

bool registry_table::is_wanted(const cgroup_identity& identity) const {
  switch (identity.kind) {
    case cgroup_kind::container:
    case cgroup_kind::standalone:
      return true;
    case cgroup_kind::service:
      return options_.services;
    case cgroup_kind::session:
      return options_.sessions;
    default:
      return false;
  }
}

/// A cgroup without a container. Processes of pods, and monitors of runtimes, do not stand alone.
void registry_table::set_aside(cgroup_id cgroup) {
  const auto& path = cgroups_.at(cgroup).path;
  const auto identity = parse_cgroup_path(path);
  const bool nobodys = identity.kind == cgroup_kind::ignore && !path.empty()
                       && identity.runtime == runtime_kind::unknown;
  orders_.ignore(cgroup, options_.standalone
                             && (nobodys || identity.kind == cgroup_kind::host
                                 || identity.kind == cgroup_kind::service
                                 || identity.kind == cgroup_kind::session));
}

/// The container that a cgroup belongs to, made if there is none.
container_key registry_table::owner_of(const cgroup_found& cgroup, const cgroup_identity& identity,
                                       time_point now) {
  const auto above = owner_above(cgroup.path);
  const auto known = by_runtime_id_.find(runtime_key(identity));
  if (known == by_runtime_id_.end())
    return make_container(identity, above, now);
  const auto key = known->second;
  // A container may make directories below its own cgroup. With another container's id for a name
  // it must not get into that one's books: such a cgroup stays with whom it lies in.
  if (above != 0 && above != key && containers_.at(key).parent != above)
    return above;
  return key;
}

container_key registry_table::owner_above(std::string_view path) const {
  for (auto slash = path.rfind('/'); slash != std::string_view::npos && slash > 0;
       slash = path.rfind('/')) {
    path = path.substr(0, slash);
    const auto parent = by_path_.find(std::string{path});
    if (parent == by_path_.end())
      continue;
    if (const auto owner = cgroups_.at(parent->second).owner; owner != 0)
      return owner;
  }
  return 0;
}

container_key registry_table::make_container(const cgroup_identity& identity, container_key parent,
                                             time_point now) {
  const auto key = ++last_key_;
  container_record record;
  record.cgroup = identity;
  record.created = now;
  record.parent = parent;
  record.runtime_ids.push_back(runtime_key(identity));
  by_runtime_id_.insert_or_assign(record.runtime_ids.front(), key);
  containers_.emplace(key, std::move(record));
  orders_.start(key);
  return key;
}

void registry_table::join(container_key key, const cgroup_found& cgroup, bool restart) {
  auto& record = containers_.at(key);
  cgroups_.at(cgroup.id).owner = key;
  record.cgroups.insert(cgroup.id);
  record.had_cgroup = true;
  ++record.live;
  // When a walk found it says nothing of when it was made.
  orders_.tell(key, cgroup_joined{cgroup.id, cgroup.created ? cgroup.time_ns : 0, restart});
  settle(cgroup.id);
}

/// A container that was gone has a cgroup again.
void registry_table::revive(container_key key, const cgroup_identity& identity) {
  start_if_given_up(key);
  auto& record = containers_.at(key);
  record.cgroup = identity;
  if (!needs_runtime(identity)) {
    record.metadata.state = container_state::running;
    orders_.tell(key, container_named{record.identity, record.metadata});
  }
  if (record.question != 0 && record.forgotten) {
    // The runtime removed it and made another one with the same id (ctr run web).
    record.forgotten = false;
    orders_.abandon(record.question);
    orders_.ask(record.question, identity);
  }
}

void registry_table::leave(cgroup_id cgroup, uint64_t time_ns, time_point now) {
  const auto found = cgroups_.find(cgroup);
  if (found == cgroups_.end() || !found->second.live)
    return;
  auto& record = found->second;
  record.live = false;
  record.gone_since = now;
  if (auto path = by_path_.find(record.path); path != by_path_.end() && path->second == cgroup)
    by_path_.erase(path);
  const auto owner = containers_.find(record.owner);
  if (owner == containers_.end())
    return;
  auto& container = owner->second;
  orders_.tell(owner->first, cgroup_left{cgroup, time_ns});
  if (--container.live > 0)
    return;
  container.empty_since = now;
  if (!needs_runtime(container.cgroup)) {
    container.metadata.state = container_state::exited;
    orders_.tell(owner->first, container_named{container.identity, container.metadata});
  }
}

} // namespace troupe
