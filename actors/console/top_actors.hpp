// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/console/actors_answer.hpp"
#include "actors/console/field_selection.hpp"
#include "actors/console/output.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace troupe {

struct top_actors_request {
  std::string agent = "127.0.0.1:9912";
  std::chrono::milliseconds interval{1'000};
  std::optional<uint64_t> count; ///< so many tables; else until Ctrl-C
  output_options output;         ///< fields of top_actor_fields()
  std::optional<std::chrono::milliseconds> timeout;
};

/// An actor over one interval.
struct top_actor_row {
  actor_sample now;
  int64_t unix_time_ns = 0;
  uint64_t messages_per_second = 0;
  uint64_t batches_per_second = 0;
};

/// What each did between two answers; who does not answer first, then by messages per second. One
/// that was started anew since has counted from zero.
[[nodiscard]] std::vector<top_actor_row>
rates_between(const actors_answer& before, const actors_answer& now, int64_t unix_time_ns);

/// The names and meanings are a promise to scripts.
[[nodiscard]] const std::vector<field<top_actor_row>>& top_actor_fields();

/// The first `rows_max` rows in the format: a table, or one document a row.
[[nodiscard]] std::string render_top(const std::vector<top_actor_row>& rows,
                                     const output_options& output, std::optional<unsigned> terminal,
                                     size_t rows_max);

} // namespace troupe
