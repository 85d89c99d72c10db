// SPDX-License-Identifier: Apache-2.0
#pragma once

// Who talks to one container and to whom it talks: connections and requests by both ends. For
// `troupe map` and `troupe top l7`; the metrics have series of their own.

#include "actors/container/destination.hpp"
#include "actors/container/l7/connections.hpp"
#include "bpf/event.h"
#include "messages/flow.hpp"

#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <vector>

namespace troupe {

class flow_ledger {
public:
  /// Those beyond are one for each direction, "~other".
  static constexpr size_t flows_max = 1024;
  /// Open connections that are known at once; those beyond are counted when they close.
  static constexpr size_t connections_max = 65536;

  // Each takes a record that said something new to the connection_ledger.
  void opened(const tcp_connection& record);
  void connect_failed(const tcp_connection_totals& record);
  void progress(const tcp_connection_totals& record);
  void closed(const tcp_connection_totals& record);
  void exchanged(const l7::connection_ends& ends, const l7_exchange& exchange);

  [[nodiscard]] std::vector<flow_stats> flows() const;

  /// Takes over what a ledger of the same container has seen.
  void absorb(flow_ledger&& other);

private:
  struct key {
    bool inbound = false;
    bool other = false; ///< all that came after the bound was reached
    ip_address client;
    endpoint server;

    friend bool operator==(const key&, const key&) = default;
  };
  struct key_hash {
    size_t operator()(const key& x) const {
      return hash_of(x.server) + 31 * hash_of(x.client) + (x.inbound ? 7 : 0);
    }
  };
  /// An open connection, and what it has added to its flow.
  struct open_connection {
    uint32_t flow = 0;
    uint32_t retransmits = 0;
    uint64_t bytes_sent = 0;
    uint64_t bytes_received = 0;
    bool connect_counted = false;
  };

  static key key_of(const tcp_endpoint_pair& ends, bool outbound);
  uint32_t flow_of(const key& ends);
  open_connection begin(const tcp_connection& record);
  void raise(open_connection& x, const tcp_connection_totals& record);
  void absorb_flow(const flow_stats& theirs, flow_stats& mine);

  std::unordered_map<key, uint32_t, key_hash> index_;
  std::vector<flow_stats> flows_;                      ///< without the texts of their ends
  std::unordered_map<uint64_t, open_connection> open_; ///< by socket cookie
};

} // namespace troupe
