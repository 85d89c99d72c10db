// SPDX-License-Identifier: Apache-2.0
#include "actors/container/flow_ledger.hpp"

#include "actors/container/series_table.hpp"

#include <algorithm>
#include <utility>

namespace troupe {

namespace {

bool ranks_below(uint16_t a, uint16_t b) {
  return flow_port_rank(a) < flow_port_rank(b);
}

void remember_port(std::vector<uint16_t>& ports, uint16_t port) {
  const auto at = std::lower_bound(ports.begin(), ports.end(), port, ranks_below);
  if (at != ports.end() && *at == port)
    return;
  if (ports.size() == flow_ports_max && at == ports.end())
    return;
  ports.insert(at, port);
  if (ports.size() > flow_ports_max)
    ports.pop_back();
}

flow_requests& requests_in(flow_stats& flow, l7_protocol protocol) {
  for (auto& x : flow.requests)
    if (x.protocol == protocol)
      return x;
  auto& added = flow.requests.emplace_back();
  added.protocol = protocol;
  return added;
}

/// What a total has added: it may begin anew, and records may come late.
uint64_t rise(uint64_t& known, uint64_t now) {
  const auto more = now > known ? now - known : 0;
  known += more;
  return more;
}

} // namespace

flow_ledger::key flow_ledger::key_of(const tcp_endpoint_pair& ends, bool outbound) {
  const auto client = outbound ? local_end(ends) : remote_end(ends);
  const auto server = outbound ? remote_end(ends) : local_end(ends);
  return {!outbound, false, client.ip, server};
}

uint32_t flow_ledger::flow_of(const key& ends) {
  if (const auto known = index_.find(ends); known != index_.end())
    return known->second;
  if (flows_.size() >= flows_max && !ends.other)
    return flow_of({ends.inbound, true, {}, {}});
  const auto added = static_cast<uint32_t>(flows_.size());
  flows_.emplace_back().inbound = ends.inbound;
  index_.emplace(ends, added);
  return added;
}

flow_ledger::open_connection flow_ledger::begin(const tcp_connection& record) {
  const bool outbound = record.direction == TCP_OUTBOUND;
  open_connection result;
  result.flow = flow_of(key_of(record.endpoints, outbound));
  auto& flow = flows_[result.flow];
  ++flow.connections;
  ++flow.open;
  if ((record.flags & TCP_FLAG_PREEXISTING) == 0) {
    ++flow.connects;
    result.connect_counted = true;
  }
  remember_port(flow.client_ports,
                outbound ? record.endpoints.local_port : record.endpoints.remote_port);
  return result;
}

void flow_ledger::raise(open_connection& x, const tcp_connection_totals& record) {
  auto& flow = flows_[x.flow];
  flow.bytes_sent += rise(x.bytes_sent, record.bytes_sent);
  flow.bytes_received += rise(x.bytes_received, record.bytes_received);
  uint64_t retransmits = x.retransmits;
  flow.retransmits += rise(retransmits, record.retransmits);
  x.retransmits = static_cast<uint32_t>(retransmits);
}

void flow_ledger::opened(const tcp_connection& record) {
  if (open_.size() < connections_max && !open_.contains(record.socket_cookie))
    open_.emplace(record.socket_cookie, begin(record));
}

void flow_ledger::connect_failed(const tcp_connection_totals& record) {
  auto& flow = flows_[flow_of(key_of(record.connection.endpoints, true))];
  ++flow.failed_connects;
  flow.retransmits += record.retransmits;
}

void flow_ledger::progress(const tcp_connection_totals& record) {
  opened(record.connection);
  if (const auto known = open_.find(record.connection.socket_cookie); known != open_.end())
    raise(known->second, record);
}

void flow_ledger::closed(const tcp_connection_totals& record) {
  const auto known = open_.find(record.connection.socket_cookie);
  auto ending = known != open_.end() ? known->second : begin(record.connection);
  raise(ending, record);
  --flows_[ending.flow].open;
  if (known != open_.end())
    open_.erase(known);
}

void flow_ledger::exchanged(const l7::connection_ends& ends, const l7_exchange& exchange) {
  auto& flow = flows_[flow_of(key_of(ends.endpoints, ends.outbound))];
  auto& requests = requests_in(flow, exchange.protocol);
  ++requests.outcomes.at(static_cast<size_t>(exchange.outcome));
  requests.request_bytes += exchange.request_bytes;
  requests.response_bytes += exchange.response_bytes;
  if (exchange.duration_ns > 0 || exchange.response_bytes > 0) // Else nobody answered.
    requests.durations.observe(exchange.duration_ns);
}

std::vector<flow_stats> flow_ledger::flows() const {
  auto result = flows_;
  for (const auto& [ends, i] : index_) {
    result[i].client = ends.other ? std::string{other_series} : to_text(ends.client);
    result[i].server = ends.other ? std::string{other_series} : to_text(ends.server);
  }
  return result;
}

void flow_ledger::absorb_flow(const flow_stats& theirs, flow_stats& mine) {
  mine.connections += theirs.connections;
  mine.connects += theirs.connects;
  mine.failed_connects += theirs.failed_connects;
  mine.open += theirs.open;
  mine.bytes_sent += theirs.bytes_sent;
  mine.bytes_received += theirs.bytes_received;
  mine.retransmits += theirs.retransmits;
  for (const auto port : theirs.client_ports)
    remember_port(mine.client_ports, port);
  for (const auto& x : theirs.requests) {
    auto& requests = requests_in(mine, x.protocol);
    for (size_t i = 0; i < x.outcomes.size(); ++i)
      requests.outcomes.at(i) += x.outcomes.at(i);
    requests.request_bytes += x.request_bytes;
    requests.response_bytes += x.response_bytes;
    requests.durations.merge(x.durations);
  }
}

void flow_ledger::absorb(flow_ledger&& other) {
  std::vector<uint32_t> moved(other.flows_.size());
  for (const auto& [ends, i] : other.index_) {
    moved[i] = flow_of(ends);
    absorb_flow(other.flows_[i], flows_[moved[i]]);
  }
  for (auto& [cookie, theirs] : other.open_) {
    theirs.flow = moved[theirs.flow];
    auto& flow = flows_[theirs.flow];
    const auto [mine, is_new] = open_.try_emplace(cookie, theirs);
    if (is_new)
      continue;
    // Both saw it: it is one.
    --flow.connections;
    --flow.open;
    flow.connects -= mine->second.connect_counted && theirs.connect_counted ? 1 : 0;
    mine->second.connect_counted |= theirs.connect_counted;
    flow.bytes_sent -= std::min(mine->second.bytes_sent, theirs.bytes_sent);
    flow.bytes_received -= std::min(mine->second.bytes_received, theirs.bytes_received);
    flow.retransmits -= std::min(mine->second.retransmits, theirs.retransmits);
    mine->second.bytes_sent = std::max(mine->second.bytes_sent, theirs.bytes_sent);
    mine->second.bytes_received = std::max(mine->second.bytes_received, theirs.bytes_received);
    mine->second.retransmits = std::max(mine->second.retransmits, theirs.retransmits);
  }
  other = flow_ledger{};
}

} // namespace troupe
