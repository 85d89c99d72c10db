// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/console/field.hpp"
#include "actors/console/machine_check.hpp"
#include "actors/host/nat_check.hpp"
#include "messages/agent_status.hpp"
#include "messages/runtime.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe {

/// All that `troupe doctor` finds out.
struct doctor_report {
  machine_check machine;
  std::vector<feature_status> features;
  std::vector<runtime_status> runtimes;
  std::string usual_runtime_paths; ///< where they were looked for
  nat_check nat;
};

/// Why the agent cannot run here at all; empty when it can.
[[nodiscard]] std::string describe_verdict(const doctor_report& report);

/// The report in the format; `terminal` as in table::render.
[[nodiscard]] std::string render_report(const doctor_report& report, output_format format,
                                        bool headers, std::optional<unsigned> terminal);

/// What a cgroup path means. Takes a path below the hierarchy's root, one with the mount point
/// before it, or a line of /proc/<pid>/cgroup.
[[nodiscard]] std::string render_cgroup_path(std::string_view path,
                                             const std::optional<cgroup_hierarchy>& hierarchy,
                                             output_format format);

} // namespace troupe
