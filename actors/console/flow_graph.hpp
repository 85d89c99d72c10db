// SPDX-License-Identifier: Apache-2.0
#pragma once

// Who talks to whom: containers and others, and what is between two of them.

#include "actors/console/flow_match.hpp"

#include <compare>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace troupe {

struct graph_node {
  enum class kind : uint8_t {
    container,
    machine,  ///< an address of this machine, and no container that has it alone
    loopback, ///< of a container's own network namespace, where nobody was seen to answer
    outside,  ///< any other address, by its DNS name where that was asked for
    other,    ///< all that came after a container had too many, and what nobody told
  };
  kind is = kind::outside;
  std::string name; ///< a container's id, a DNS name, an IP, "127.0.0.1 in /docker/web",
                    ///< "~other", "unknown"

  // clang-tidy 14 takes the <=> for a comparison with 0. NOLINTNEXTLINE(modernize-use-nullptr)
  friend auto operator<=>(const graph_node&, const graph_node&) = default;
};

/// As in JSON: "container", "machine", "loopback", "outside", "other".
[[nodiscard]] std::string_view to_string(graph_node::kind kind);

struct graph_edge {
  graph_node client;
  graph_node server;
  std::string address;         ///< that was dialled: "ip:port"; of an unknown client as the server
                               ///< sees it
  bool seen_by_client = false; ///< which ends are containers whose side was seen
  bool seen_by_server = false;
  uint64_t connections = 0; ///< seen, those that were open before included
  uint64_t connects = 0;
  uint64_t failed_connects = 0;
  uint64_t open = 0;
  uint64_t bytes_sent = 0; ///< by the client
  uint64_t bytes_received = 0;
  uint64_t retransmits = 0;
  std::vector<flow_requests> requests; ///< by protocol, in the order of their names

  [[nodiscard]] uint64_t request_count() const;
  [[nodiscard]] uint64_t failed_requests() const;
};

/// The edges, in the order of their ends. Where both ends were seen, the client's numbers count.
[[nodiscard]] std::vector<graph_edge> edges_of(const std::vector<seen_flow>& flows,
                                               const graph_names& names);

/// The other end of one flow.
[[nodiscard]] graph_node peer_of(const std::vector<seen_flow>& flows, size_t i,
                                 const address_book& book, const graph_names& names);

/// All that an edge begins or ends at, once each, in order.
[[nodiscard]] std::vector<graph_node> nodes_of(const std::vector<graph_edge>& edges);

} // namespace troupe
