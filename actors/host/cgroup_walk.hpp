// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/host/cgroup_hierarchy.hpp"
#include "messages/host.hpp"

#include <cstddef>
#include <optional>

namespace troupe {

/// How far a walk goes: containers can nest and multiply cgroups as they like.
struct walk_bounds {
  size_t cgroups = 100'000;
  size_t depth = 64;
};

struct walk_result {
  cgroup_listing listing; ///< the root too; parents before children
  bool complete = false;  ///< false: the root could not be read, or a bound was reached
};

/// All cgroups of the hierarchy. The id of a cgroup is the inode number of its directory, which is
/// what bpf_get_current_cgroup_id() and kernfs_node::id are on 64-bit machines.
walk_result walk_cgroups(const cgroup_hierarchy& hierarchy, const walk_bounds& bounds = {});

/// The path of one cgroup, relative to the hierarchy's root. Empty when it does not exist (any
/// more).
std::optional<cgroup_found> find_cgroup(const cgroup_hierarchy& hierarchy, cgroup_id id);

} // namespace troupe
