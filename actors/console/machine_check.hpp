// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/console/capabilities.hpp"
#include "actors/host/cgroup_hierarchy.hpp"
#include "messages/settings.hpp"

#include <optional>
#include <string>
#include <vector>

namespace troupe {

/// What has to be there before anything is loaded.
struct machine_check {
  std::string release; ///< of the kernel
  std::string architecture;
  bool btf = false; ///< the kernel describes its types
  std::optional<cgroup_hierarchy> hierarchy;
  std::vector<capability_state> capabilities;
};

/// Where the kernel keeps the description of its types.
inline constexpr auto btf_path = "/sys/kernel/btf/vmlinux";

[[nodiscard]] machine_check check_machine(const settings& config);

/// Why this machine or this user cannot run the agent, in one line; empty when nothing is in the
/// way.
[[nodiscard]] std::string describe_obstacle(const machine_check& machine);

/// "the unified hierarchy (v2) at /sys/fs/cgroup".
[[nodiscard]] std::string describe(const cgroup_hierarchy& hierarchy);

} // namespace troupe
