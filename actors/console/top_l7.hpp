// SPDX-License-Identifier: Apache-2.0
#pragma once

// What `troupe top l7` shows: requests by container, direction, peer and protocol, over an
// interval.

#include "actors/console/field_selection.hpp"
#include "actors/console/flow_graph.hpp"
#include "actors/console/selector.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

namespace troupe {

/// Requests so far, as flows tell them.
struct l7_sample {
  /// Container, inbound, client, address, protocol: what stays while names come.
  using key = std::tuple<std::string, bool, std::string, std::string, l7_protocol>;
  struct entry {
    graph_node peer;
    flow_requests requests;
  };
  std::map<key, entry> entries;
  uint64_t taken_ns = 0; ///< of a clock that is never set
};

/// Which requests are shown.
struct l7_choice {
  selector scope;
  std::vector<l7_protocol> protocols; ///< empty: all
};

[[nodiscard]] l7_sample read_l7(const std::vector<container_snapshot_ptr>& snapshots,
                                const l7_choice& choice, const graph_names& names,
                                uint64_t taken_ns);

struct l7_top_row {
  std::string container_id;
  bool inbound = false;
  graph_node peer;
  std::string address; ///< that was dialled; inbound: the container's own
  int64_t unix_time_ns = 0;
  uint64_t interval_ns = 0;
  flow_requests now; ///< of the interval
  uint64_t requests_total = 0;
  uint64_t failed_total = 0;
};

enum class l7_order : uint8_t { requests, failed, p50, p95, p99 };

/// As on the command line.
[[nodiscard]] std::string_view to_string(l7_order order);
[[nodiscard]] std::optional<l7_order> find_l7_order(std::string_view text);

/// What came between two samples: the highest first, then by name. Peers that turned out to be one
/// container are one row.
[[nodiscard]] std::vector<l7_top_row> l7_rows_between(const l7_sample& before, const l7_sample& now,
                                                      int64_t unix_time_ns, l7_order order);

/// The names and meanings are a promise to scripts.
[[nodiscard]] const std::vector<field<l7_top_row>>& l7_top_fields();

/// The first `rows_max` rows in the format: a table, or one document a row.
[[nodiscard]] std::string render_l7_top(const std::vector<l7_top_row>& rows,
                                        const output_options& output,
                                        std::optional<unsigned> terminal, size_t rows_max);

} // namespace troupe
