// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe {

/// One of the capabilities that the agent uses.
struct capability_state {
  std::string_view name;    ///< as in a pod's securityContext: "BPF"
  std::string_view purpose; ///< what does not work without it
  bool needed = false;      ///< nothing works without it
  bool held = false;        ///< in effect, or made unnecessary by SYS_ADMIN
};

/// The effective set of a /proc/<pid>/status file; nothing when there is no such line.
[[nodiscard]] std::optional<uint64_t> parse_effective_capabilities(std::string_view status);

/// All capabilities that matter, judged by an effective set (capabilities(7)).
[[nodiscard]] std::vector<capability_state> judge_capabilities(uint64_t effective);

/// Those of this process; none held when /proc cannot be read.
[[nodiscard]] std::vector<capability_state> own_capabilities();

/// One line that says what is missing and what to do; empty when all that is needed is held.
[[nodiscard]] std::string describe_missing(const std::vector<capability_state>& capabilities);

} // namespace troupe
