// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/console/field.hpp"
#include "messages/agent_status.hpp"
#include "messages/snapshot.hpp"

#include <optional>
#include <string>
#include <vector>

namespace troupe {

/// What `troupe replay` shows at its end.
struct replay_report {
  uint64_t records = 0;
  double seconds = 0; ///< from the first record to the last container's answer
  std::vector<event_count> kinds;
  std::vector<loss_count> losses; ///< when it was recorded, and in the replay itself
  std::vector<container_snapshot_ptr> containers;
};

/// The report in the format, containers sorted by name; `terminal` as in table::render.
[[nodiscard]] std::string render_replay(const replay_report& report, output_format format,
                                        bool headers, std::optional<unsigned> terminal);

} // namespace troupe
