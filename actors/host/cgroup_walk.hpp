// SPDX-License-Identifier: Apache-2.0
#pragma once

// Shared with: console

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

/// All cgroups of the hierarchy. The id of a cgroup is the inode number of its directory, which is
/// what bpf_get_current_cgroup_id() and kernfs_node::id are on 64-bit machines. The root is the
/// first; without it (nothing could be read) the listing is empty.
cgroup_listing walk_cgroups(const cgroup_hierarchy& hierarchy, const walk_bounds& bounds = {});

/// The path of one cgroup, relative to the hierarchy's root. Empty when it does not exist (any
/// more).
std::optional<cgroup_found> find_cgroup(const cgroup_hierarchy& hierarchy, cgroup_id id);

} // namespace troupe
