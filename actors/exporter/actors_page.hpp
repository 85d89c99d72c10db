// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/supervisor/actor_board.hpp"
#include "messages/control.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace troupe {

inline constexpr size_t busiest_containers = 20;
inline constexpr size_t all_containers_max = 10'000;

/// What may follow "/debug/actors?".
struct actors_query {
  bool json = false;
  size_t containers_max = busiest_containers;
};

inline constexpr std::string_view actors_query_help =
    "unknown query; known: format=text, format=json, containers=busiest, containers=all";

/// Empty when it is not understood.
std::optional<actors_query> parse_actors_query(std::string_view query);

/// For people. `result` is what the exporter gathered; null: it did not answer.
std::string render_actors_text(const board_reading& board, const scrape_result* result);

/// For `troupe top actors`, see docs/debugging.md. One line.
std::string render_actors_json(const board_reading& board);

} // namespace troupe
