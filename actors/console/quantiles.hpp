// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "messages/flow.hpp"

#include <cstdint>
#include <optional>

namespace troupe {

/// How many durations are in it.
[[nodiscard]] uint64_t count_of(const duration_histogram& durations);

/// The duration that `per_cent` of them do not exceed, within the width of a bucket; nothing where
/// there is none.
[[nodiscard]] std::optional<uint64_t> quantile_ns(const duration_histogram& durations,
                                                  unsigned per_cent);

/// What was added since `before`.
[[nodiscard]] duration_histogram added_since(const duration_histogram& before,
                                             const duration_histogram& now);

} // namespace troupe
