// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/console/inspection.hpp"

#include <optional>
#include <string>
#include <vector>

namespace troupe {

/// The container that somebody means by a name, "/docker/web", an id, the front of one, or the pid
/// of a process in it. Nothing, and what is wrong in `error`: none is, with the nearest names; or
/// several are, and which.
///
/// A pod's container that was started again has the same name as the one before: the one that runs
/// is meant, else the newest.
[[nodiscard]] std::optional<list_row> find_target(const std::string& target,
                                                  const std::vector<list_row>& rows,
                                                  const process_groups& groups, std::string& error);

} // namespace troupe
