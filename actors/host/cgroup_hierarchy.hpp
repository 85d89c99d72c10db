// SPDX-License-Identifier: Apache-2.0
#pragma once

// Shared with: bpf_reader, console

// Which cgroup hierarchy the runtimes put containers in. Decided once at start; the BPF programs,
// the walk and the registry's paths all mean this one. A plain header that bpf_reader, and the
// command line, include too.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe {

struct cgroup_hierarchy {
  std::string mount; ///< directory of the hierarchy's root as this process sees it
  std::string
      controller; ///< "" = the unified hierarchy (v2), else the v1 controller: "memory", ...

  friend bool operator==(const cgroup_hierarchy&, const cgroup_hierarchy&) = default;
};

/// Only v2 mounted: that. v1 or hybrid: the first of memory, pids, cpu, devices, freezer that is
/// mounted as v1, since a hybrid's unified part has no controllers and runtimes leave it alone.
///
/// Mounts are read from <host_root>/proc/1/mountinfo, where paths are the host's and so get the
/// prefix host_root, else from this process's own. override_root is taken as it is: a hierarchy's
/// root, or a directory of v1 hierarchies.
std::optional<cgroup_hierarchy> find_cgroup_hierarchy(const std::string& host_root,
                                                      const std::string& override_root);

/// One cgroup mount of mountinfo.
struct cgroup_mount {
  std::string root;  ///< what of the hierarchy is mounted; "/" is all of it
  std::string point; ///< where
  bool unified = false;
  std::vector<std::string> controllers; ///< v1 only; without "name=..."

  friend bool operator==(const cgroup_mount&, const cgroup_mount&) = default;
};

/// The cgroup mounts of a mountinfo file (proc(5)); lines that are not understood are passed over.
std::vector<cgroup_mount> parse_cgroup_mounts(std::string_view mountinfo);

} // namespace troupe
