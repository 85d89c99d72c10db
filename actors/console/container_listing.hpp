// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/console/list_fields.hpp"
#include "actors/console/selector.hpp"
#include "messages/runtime.hpp"
#include "messages/settings.hpp"

#include <string>
#include <vector>

namespace troupe {

/// The containers of a listing as rows, sorted by container id, without pods' sandboxes.
[[nodiscard]] std::vector<list_row> rows_of(const runtime_listing& listing);

/// Those rows that are in scope; created and exited ones only when `all`. `pid_ids` are the ids of
/// the containers that the pids of the scope run in.
[[nodiscard]] std::vector<list_row> rows_in_scope(const std::vector<list_row>& rows,
                                                  const selector& scope, bool all,
                                                  const std::vector<std::string>& pid_ids);

/// A line for each endpoint that is there and does not answer, and for each that was asked for by
/// name and is not there.
[[nodiscard]] std::vector<std::string> describe_silent(const std::vector<runtime_status>& endpoints,
                                                       const settings& config);

/// True when at least one runtime answered.
[[nodiscard]] bool any_answered(const std::vector<runtime_status>& endpoints);

/// `now`, and the rows that `before` has of runtimes that did not answer this time: a runtime that
/// is being restarted has not removed its containers.
[[nodiscard]] std::vector<list_row> keep_silent(std::vector<list_row> now,
                                                const std::vector<list_row>& before,
                                                const std::vector<runtime_status>& endpoints);

} // namespace troupe
