// SPDX-License-Identifier: Apache-2.0
#pragma once

// Flows as containers tell them, for the tests of what is made of them.

#include "messages/snapshot.hpp"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace troupe {

inline flow_requests requests_of(l7_protocol protocol, uint64_t ok, uint64_t failed = 0,
                                 uint64_t each_ns = 1'000'000) {
  flow_requests x;
  x.protocol = protocol;
  x.outcomes = {ok, failed, 0};
  x.request_bytes = 10 * (ok + failed);
  x.response_bytes = 100 * (ok + failed);
  for (uint64_t i = 0; i < ok + failed; ++i)
    x.durations.observe(each_ns);
  return x;
}

struct test_flow {
  std::string client;
  std::string server;
  std::vector<uint16_t> ports;
  std::vector<flow_requests> requests = {};
};

inline flow_stats flow_of(bool inbound, const test_flow& given) {
  flow_stats x;
  x.inbound = inbound;
  x.client = given.client;
  x.server = given.server;
  x.connections = x.connects = given.ports.size();
  x.bytes_sent = inbound ? 700 : 300;
  x.bytes_received = inbound ? 300 : 700;
  x.client_ports = given.ports;
  std::sort(x.client_ports.begin(), x.client_ports.end(),
            [](auto a, auto b) { return flow_port_rank(a) < flow_port_rank(b); });
  if (x.client_ports.size() > flow_ports_max)
    x.client_ports.resize(flow_ports_max);
  x.requests = given.requests;
  return x;
}

inline container_snapshot_ptr snapshot_of(std::string id, const std::vector<test_flow>& outbound,
                                          const std::vector<test_flow>& inbound = {}) {
  container_snapshot x;
  x.exported = true;
  x.identity.container_id = std::move(id);
  for (const auto& flow : outbound)
    x.flows.push_back(flow_of(false, flow));
  for (const auto& flow : inbound)
    x.flows.push_back(flow_of(true, flow));
  return std::make_shared<const container_snapshot>(std::move(x));
}

} // namespace troupe
