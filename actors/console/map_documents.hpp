// SPDX-License-Identifier: Apache-2.0
#pragma once

// What `troupe map` prints.

#include "actors/console/flow_graph.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace troupe {

enum class map_format : uint8_t { text, dot, json };

struct flow_map {
  int64_t unix_time_ns = 0;
  uint64_t looked_ns = 0; ///< for so long
  std::vector<graph_edge> edges;
};

/// A line for each edge and protocol. In a terminal no line is wider than it.
[[nodiscard]] std::string map_text(const flow_map& map, std::optional<unsigned> terminal,
                                   bool headers);

/// For Graphviz. Whatever names contain, it is one digraph, and they are nothing but labels.
[[nodiscard]] std::string map_dot(const flow_map& map);

/// One object, described in docs/l7.md.
[[nodiscard]] std::string map_json(const flow_map& map);

/// `count` in so many ns, each second.
[[nodiscard]] double per_second(uint64_t count, uint64_t ns);

/// "0", "0.3", "12.5", "1834": for columns.
[[nodiscard]] std::string rate_text(double per_second);

} // namespace troupe
