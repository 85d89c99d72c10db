// SPDX-License-Identifier: Apache-2.0
#pragma once

// Shared with: console

#include "actors/host/cgroup_hierarchy.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe {

/// What the kernel holds a cgroup to, and what it uses. Without a value: no limit, or the
/// controller is off.
struct cgroup_limits {
  std::optional<uint64_t> memory_max_bytes; ///< the tightest of the cgroup and those above it
  std::optional<uint64_t> memory_current_bytes;
  std::optional<uint64_t> cpu_max_millicores; ///< likewise; 1500 is one CPU and a half
  std::optional<uint64_t> pids_max;           ///< likewise
  std::optional<uint64_t> pids_current;

  friend bool operator==(const cgroup_limits&, const cgroup_limits&) = default;
};

/// The cgroup mounts of this machine, each as this process sees it; see find_cgroup_hierarchy().
[[nodiscard]] std::vector<cgroup_mount> read_cgroup_mounts(const std::string& host_root);

/// Of the cgroups that a /proc/<pid>/cgroup file names: v2's files, and v1's where a controller is
/// mounted as v1.
[[nodiscard]] cgroup_limits read_cgroup_limits(const std::vector<cgroup_mount>& mounts,
                                               std::string_view cgroup_file);

/// The same of a process.
[[nodiscard]] cgroup_limits read_cgroup_limits_of(const std::string& host_root, uint32_t pid);

} // namespace troupe
