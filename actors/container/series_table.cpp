// SPDX-License-Identifier: Apache-2.0
#include "actors/container/series_table.hpp"

namespace troupe {

namespace {

void add(latency_histogram& to, const latency_histogram& from) {
  for (size_t i = 0; i < to.counts.size(); ++i)
    to.counts[i] += from.counts[i];
  to.sum_ns += from.sum_ns;
}

template <class Stats>
void add_traffic(Stats& to, const Stats& from) {
  to.active_connections += from.active_connections;
  to.retransmits += from.retransmits;
  to.resets += from.resets;
  to.bytes_sent += from.bytes_sent;
  to.bytes_received += from.bytes_received;
  add(to.rtt, from.rtt);
}

} // namespace

template <>
outbound_series outbound_table::named(const outbound_key& key) {
  outbound_series result;
  result.key = key;
  result.stats.destination = key.other ? other_series : to_text(key.dialled);
  result.stats.actual_destination = key.other ? other_series : to_text(key.actual);
  return result;
}

template <>
inbound_series inbound_table::named(const inbound_key& key) {
  inbound_series result;
  result.key = key;
  result.stats.listen_addr = key.other_local ? other_series : to_text(key.local);
  result.stats.peer = key.other_peer ? other_series : to_text(key.peer);
  return result;
}

uint32_t series_of(outbound_table& table, const outbound_key& key, size_t max, bool& overflow) {
  overflow = false;
  if (auto i = table.find_or_add(key, max))
    return *i;
  overflow = true;
  return *table.find_or_add({{}, {}, true, 0}, max + 1);
}

uint32_t series_of(inbound_table& table, const inbound_key& key, size_t max, bool& overflow) {
  overflow = false;
  if (auto i = table.find_or_add(key, max))
    return *i;
  overflow = true;
  // A key that comes from another table may be the last resort itself: it has no local address.
  if (!key.other_local)
    if (auto i = table.find_or_add({key.local, {}, true, false}, max + other_peers_max))
      return *i;
  return *table.find_or_add({{}, {}, true, true}, max + other_peers_max + 1);
}

void add(destination_stats& to, const destination_stats& from) {
  to.successful_connects += from.successful_connects;
  to.failed_connects += from.failed_connects;
  to.connection_time_ns += from.connection_time_ns;
  add_traffic(to, from);
}

void add(outbound_series& to, const outbound_series& from) {
  add(to.stats, from.stats);
  if (from.rtt_time_ns > to.rtt_time_ns) {
    to.rtt_ns = from.rtt_ns;
    to.rtt_time_ns = from.rtt_time_ns;
  }
}

void add(inbound_series& to, const inbound_series& from) {
  to.stats.connects += from.stats.connects;
  add_traffic(to.stats, from.stats);
}

} // namespace troupe
