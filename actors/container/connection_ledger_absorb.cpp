// SPDX-License-Identifier: Apache-2.0

// How one ledger takes over another: that of a provisional container, by the container that it
// turned out to be. What the reader sends after a change of routes waits until this is done (see
// container.cpp). Still both may know a connection: of a socket that two cgroups of the container
// use, or one that a restarted reader met again.

#include "actors/container/connection_ledger.hpp"

#include <algorithm>
#include <utility>

namespace troupe {

namespace {

template <class Number>
void subtract(Number& from, Number amount) {
  from -= std::min(from, amount);
}

bool is_over(const connection& c) {
  return c.phase == connection_phase::ended || c.phase == connection_phase::failed;
}

/// A later connection of the same socket, rather than a part of the same.
bool is_other_life(const connection& mine, const connection& theirs) {
  if (mine.phase == connection_phase::failed || theirs.phase == connection_phase::failed)
    return true;
  return mine.opened_ns != 0 && theirs.opened_ns != 0 && mine.opened_ns != theirs.opened_ns;
}

} // namespace

/// Removes from the series what this connection has added to it. Samples of its round-trip time
/// stay: they were taken.
void connection_ledger::take_back(const connection& c) {
  with_stats(c, [&c](auto& stats) {
    if (c.phase == connection_phase::live)
      subtract<uint64_t>(stats.active_connections, 1);
    if (c.reset_counted)
      subtract<uint64_t>(stats.resets, 1);
    if (c.restarted)
      return; // What it added before is in nobody else's totals.
    subtract(stats.bytes_sent, c.bytes_sent);
    subtract(stats.bytes_received, c.bytes_received);
    subtract<uint64_t>(stats.retransmits, c.retransmits);
  });
  if (!c.connect_counted)
    return;
  if (c.inbound) {
    subtract<uint64_t>(inbound_[c.series].stats.connects, 1);
    return;
  }
  auto& stats = outbound_[c.series].stats;
  subtract<uint64_t>(stats.successful_connects, 1);
  subtract(stats.connection_time_ns, c.connect_ns);
}

void connection_ledger::absorb_known(connection& mine, connection& theirs,
                                     connection_ledger& other) {
  if (is_other_life(mine, theirs)) {
    // Both counts stand. Ours is the later one, so theirs is over.
    if (!is_over(theirs))
      other.leave(theirs, connection_phase::ended);
    return;
  }
  other.take_back(theirs);
  if (theirs.connect_counted && !mine.connect_counted)
    count_connect(mine, theirs.connect_ns);
  if (!theirs.restarted)
    raise_totals(mine, theirs.bytes_sent, theirs.bytes_received, theirs.retransmits);
  if (theirs.reset_counted)
    count_reset(mine);
  if (is_over(theirs) && !is_over(mine))
    end(mine, connection_phase::ended, theirs.ended_ns);
}

/// Adds their series to ours, and points their connections to where those are now.
void connection_ledger::absorb_series(const connection_ledger& other,
                                      std::vector<connection>& moved) {
  const auto max = options_.destinations_max;
  std::vector<uint32_t> outbound_at;
  std::vector<uint32_t> inbound_at;
  bool overflow = false;
  for (const auto& series : other.outbound_.all()) {
    outbound_at.push_back(series_of(outbound_, series.key, max, overflow));
    overflow_ += overflow ? series.stats.successful_connects + series.stats.failed_connects : 0;
    add(outbound_[outbound_at.back()], series);
  }
  for (const auto& series : other.inbound_.all()) {
    inbound_at.push_back(series_of(inbound_, series.key, max, overflow));
    overflow_ += overflow ? series.stats.connects : 0;
    add(inbound_[inbound_at.back()], series);
  }
  for (auto& c : moved)
    c.series = c.inbound ? inbound_at[c.series] : outbound_at[c.series];
}

void connection_ledger::absorb(connection_ledger&& other) {
  std::vector<connection> moved;
  other.connections_.for_each([&](connection& theirs) {
    if (auto* mine = connections_.find(theirs.cookie))
      absorb_known(*mine, theirs, other);
    else
      moved.push_back(theirs);
  });
  absorb_series(other, moved);
  overflow_ += other.overflow_;
  progress_seen_ |= other.progress_seen_;
  for (auto& c : moved) {
    c.refreshed = tick_;
    if (connections_.size() >= connections_max) {
      leave(c, connection_phase::aged); // Its close will find it unknown; better than no bound.
      continue;
    }
    connections_.insert(c);
  }
  // By time: those that are forgotten must be the oldest of both.
  ended_.insert(ended_.end(), other.ended_.begin(), other.ended_.end());
  std::stable_sort(ended_.begin(), ended_.end(),
                   [](const end_mark& a, const end_mark& b) { return a.ended_ns < b.ended_ns; });
  forget_ended(ended_kept_max);
  other = connection_ledger(other.options_);
}

} // namespace troupe
