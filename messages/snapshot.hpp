// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "messages/container_metadata.hpp"
#include "messages/flow.hpp"
#include "messages/l7.hpp"
#include "messages/nat.hpp"

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace troupe {

/// Buckets of every latency histogram, in ns: 0.5 ms to 10 s (METRICS: H buckets).
inline constexpr std::array<uint64_t, 14> latency_buckets_ns = {
    500'000,       1'000'000,     2'500'000,     5'000'000,     10'000'000,
    25'000'000,    50'000'000,    100'000'000,   250'000'000,   500'000'000,
    1'000'000'000, 2'500'000'000, 5'000'000'000, 10'000'000'000};

struct latency_histogram {
  std::array<uint64_t, latency_buckets_ns.size() + 1>
      counts{}; ///< not cumulative; the last is +Inf
  uint64_t sum_ns = 0;

  void observe(uint64_t ns) {
    size_t i = 0;
    while (i < latency_buckets_ns.size() && ns > latency_buckets_ns[i])
      ++i;
    ++counts[i];
    sum_ns += ns;
  }

  void merge(const latency_histogram& from) {
    for (size_t i = 0; i < counts.size(); ++i)
      counts[i] += from.counts[i];
    sum_ns += from.sum_ns;
  }
};

struct listen_stats {
  std::string listen_addr; ///< "ip:port", "[ip6]:port"
  std::string proxy;       ///< name of a known proxy process ("docker-proxy"), else empty
};

/// One outbound destination of a container.
struct destination_stats {
  std::string destination; ///< what the application dialled, "ip:port" or "name:port"; "~other"
                           ///< over the bound
  std::string actual_destination; ///< where it went after NAT
  uint64_t successful_connects = 0;
  uint64_t failed_connects = 0;
  uint64_t connection_time_ns = 0; ///< SYN to ESTABLISHED, summed
  uint64_t active_connections = 0;
  uint64_t retransmits = 0;
  uint64_t resets = 0;
  uint64_t bytes_sent = 0;
  uint64_t bytes_received = 0;
  latency_histogram rtt; ///< of closed and ticked connections: one sample a tick
};

/// Accepted connections of a container, by where it listens and who came.
struct inbound_stats {
  std::string listen_addr; ///< the local end of the connection
  std::string peer;        ///< the client's IP without its port; "~other" over the bound
  uint64_t connects = 0;
  uint64_t active_connections = 0;
  uint64_t retransmits = 0;
  uint64_t resets = 0;
  uint64_t bytes_sent = 0;
  uint64_t bytes_received = 0;
  latency_histogram rtt;
};

struct ip_latency {
  std::string destination_ip;
  uint64_t rtt_ns = 0; ///< newest smoothed RTT of a live or just closed connection
};

/// What DNS told a container of an address.
struct address_name {
  std::string ip;
  std::string fqdn;
};

/// Where requests went, or came in.
struct l7_place {
  l7_protocol protocol = l7_protocol::opaque;
  bool inbound = false;
  std::string destination;        ///< what was dialled; inbound: the address that was listened on.
                                  ///< "~other" over the bound
  std::string actual_destination; ///< where it went after NAT; empty for inbound
};

/// Requests of one kind at one place.
struct l7_requests {
  l7_place place;
  std::string status;  ///< HTTP's code, "grpc:0", else "ok", "failed", "unknown"
  std::string method;  ///< see l7_exchange; empty where the protocol has none
  std::string subject; ///< dns: the domain; empty elsewhere
  uint64_t count = 0;
};

/// How long the requests at one place took.
struct l7_durations {
  l7_place place;
  latency_histogram durations;
};

/// What was captured of a protocol, what of it made no sense, and what had no series.
struct l7_understanding {
  l7_protocol protocol = l7_protocol::opaque;
  uint64_t captured_bytes = 0;
  std::array<uint64_t, l7_unparsed_reasons> unparsed_bytes{}; ///< by l7_unparsed_names
  uint64_t overflow = 0;                                      ///< requests that went to "~other"
};

/// All that is exported of one container, frozen at one moment. Shared, never changed.
struct container_snapshot {
  container_key key = 0;
  bool exported = false; ///< false: counts, but has no name yet
  container_identity identity;
  container_metadata metadata;
  uint64_t restarts = 0;
  uint64_t oom_kills = 0;
  uint64_t processes = 0;
  std::vector<listen_stats> listens;
  std::vector<destination_stats> outbound;
  std::vector<inbound_stats> inbound;
  std::vector<ip_latency> latencies;
  std::vector<address_name> names; ///< an address has one
  std::vector<l7_requests> l7_requests_made;
  std::vector<l7_durations> l7_durations_of;
  std::vector<l7_understanding> l7_understood;
  std::vector<flow_stats> flows;   ///< where trace_flows is set
  uint64_t series_overflow = 0;    ///< connections that went to "~other"
  uint64_t events = 0;             ///< records taken in
  uint64_t events_dropped = 0;     ///< data records dropped for want of credit
  uint64_t events_invalid = 0;     ///< records that could not be decoded
  uint64_t traces_waiting = 0;     ///< traced events that wait for a name or for the console
  nat_counts nat;                  ///< where its connections went
  latency_histogram route_latency; ///< kernel timestamp to this actor, one sample a batch
};

using container_snapshot_ptr = std::shared_ptr<const container_snapshot>;

} // namespace troupe
