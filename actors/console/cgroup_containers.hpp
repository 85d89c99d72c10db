// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/host/cgroup_hierarchy.hpp"
#include "messages/container_metadata.hpp"
#include "messages/host.hpp"

#include <string>
#include <vector>

namespace troupe {

/// Which of the containers known by their cgroup alone are wanted, besides LXC, nspawn and garden.
struct cgroup_container_choice {
  bool services = false; ///< systemd's units, Talos' services
  bool sessions = false; ///< slices of users who are logged in
};

/// Containers that no runtime has to be asked about, because the path of their cgroup says all of
/// it: of all cgroups in `listing` (see walk_cgroups), those of the choice. State, cgroup path, and
/// where a process is in it, the oldest one's pid and start; `host_root` as in settings.
///
/// Each is there once, found as the registry finds it: a cgroup that a container made below its own
/// cannot take the place of one with the same name elsewhere.
[[nodiscard]] std::vector<container_metadata>
cgroup_containers(const cgroup_hierarchy& hierarchy, const cgroup_listing& listing,
                  const std::string& host_root, const cgroup_container_choice& choice);

/// The same of this machine, walked now; empty where there is no cgroup hierarchy.
[[nodiscard]] std::vector<container_metadata>
cgroup_containers(const std::string& host_root, const std::string& cgroup_root,
                  const cgroup_container_choice& choice);

/// Adds those of `found` that no runtime has told of: systemd knows more of its units than this.
void add_unknown(std::vector<container_metadata>& known, std::vector<container_metadata> found);

} // namespace troupe
