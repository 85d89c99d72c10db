// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/console/event_fields.hpp"
#include "messages/agent_status.hpp"

#include <string>
#include <vector>

namespace troupe {

/// Of all losses those for which a trace of this kind shows less.
[[nodiscard]] std::vector<loss_count> losses_of(trace_kind kind,
                                                const std::vector<loss_count>& all);

/// The same for the life of containers.
[[nodiscard]] std::vector<loss_count> losses_of_life(const std::vector<loss_count>& all);

/// The same for who talks to whom.
[[nodiscard]] std::vector<loss_count> losses_of_flows(const std::vector<loss_count>& all);

/// What was lost since `before`: entries that rose, by how much.
[[nodiscard]] std::vector<loss_count> losses_since(const std::vector<loss_count>& before,
                                                   const std::vector<loss_count>& now);

/// For stderr: the sum, then a line for each cause with what may help. Empty when nothing was lost.
[[nodiscard]] std::string describe_losses(const std::vector<loss_count>& losses);

} // namespace troupe
