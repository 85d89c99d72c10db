// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "messages/identity.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace troupe {

/// What the machine says of itself; fixed while the agent runs.
struct node_info {
  std::string hostname;
  std::string kernel_version; ///< uname -r
  std::string machine_id;     ///< /etc/machine-id; empty when unreadable
  std::string system_uuid;    ///< DMI product_uuid, lower case; empty when unreadable
};

template <class Inspector>
auto inspect(Inspector& f, node_info& x) {
  return f(x.hostname, x.kernel_version, x.machine_id, x.system_uuid);
}

/// A cgroup that exists: found by the kernel's event or by a walk through cgroupfs.
struct cgroup_found {
  cgroup_id id = 0;
  std::string path;     ///< relative to the hierarchy's root, begins with "/"
  uint64_t time_ns = 0; ///< CLOCK_BOOTTIME
  bool created = false; ///< made while we watched (a mkdir event), not found by a walk
};

template <class Inspector>
auto inspect(Inspector& f, cgroup_found& x) {
  return f(x.id, x.path, x.time_ns, x.created);
}

/// All cgroups of the hierarchy that holds the containers, parents before children.
struct cgroup_listing {
  std::vector<cgroup_found> cgroups;
  bool complete = true; ///< false: there were more than a walk may take; absence means nothing
};

} // namespace troupe
