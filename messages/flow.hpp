// SPDX-License-Identifier: Apache-2.0
#pragma once

// Who talks to whom, as one container sees it: for the commands that draw it. Kept only where
// trace_flows is set.

#include "messages/l7.hpp"

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace troupe {

/// Durations, finely enough for percentiles: eight buckets for each doubling, from 1 us to 68 s. A
/// bucket's middle is at most 6 % from any value in it.
struct duration_histogram {
  static constexpr unsigned least_bit = 10; ///< 1.024 us; all below is the first bucket
  static constexpr unsigned doublings = 26;
  static constexpr unsigned parts = 8;
  static constexpr size_t size = size_t{doublings} * parts + 2;

  std::array<uint32_t, size> counts{}; ///< the last is for all above

  static constexpr size_t bucket_of(uint64_t ns) {
    const auto width = static_cast<unsigned>(std::bit_width(ns));
    if (width <= least_bit)
      return 0;
    const unsigned doubling = width - 1 - least_bit;
    if (doubling >= doublings)
      return size - 1;
    const auto part = static_cast<size_t>(ns >> (width - 4)) & (parts - 1);
    return 1 + size_t{doubling} * parts + part;
  }

  void observe(uint64_t ns) { ++counts[bucket_of(ns)]; }

  void merge(const duration_histogram& from) {
    for (size_t i = 0; i < size; ++i)
      counts[i] += from.counts[i];
  }
};

/// Requests in one protocol between the two ends of a flow.
struct flow_requests {
  l7_protocol protocol = l7_protocol::opaque;
  std::array<uint64_t, 3> outcomes{}; ///< by l7_outcome
  uint64_t request_bytes = 0;
  uint64_t response_bytes = 0;
  duration_histogram durations; ///< of those that were answered

  [[nodiscard]] uint64_t count() const { return outcomes[0] + outcomes[1] + outcomes[2]; }
  [[nodiscard]] uint64_t failed() const {
    return outcomes[static_cast<size_t>(l7_outcome::failed)];
  }
};

/// What a container has with one other end, since the look began.
struct flow_stats {
  bool inbound = false;
  std::string client;       ///< IP of who dialled; "~other" over the bound
  std::string server;       ///< "ip:port" that was dialled, as this side sees it; likewise
  uint64_t connections = 0; ///< seen, those that were open before included
  uint64_t connects = 0;    ///< opened since
  uint64_t failed_connects = 0;
  uint64_t open = 0; ///< now
  uint64_t bytes_sent = 0;
  uint64_t bytes_received = 0;
  uint64_t retransmits = 0;
  /// The clients' ports with the smallest flow_port_rank, by rank: both ends of the same
  /// connections have the same here, so they are found to be the same also where addresses are not
  /// unique or were translated.
  std::vector<uint16_t> client_ports;
  std::vector<flow_requests> requests; ///< by protocol, in the order of their first
};

/// Ports in an order that is as good as random.
constexpr uint16_t flow_port_rank(uint16_t port) {
  return static_cast<uint16_t>(port * 40503U + 12345U); // Odd: no two ports share a rank.
}

inline constexpr size_t flow_ports_max = 32;

} // namespace troupe
