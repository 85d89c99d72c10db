// SPDX-License-Identifier: Apache-2.0
#include "actors/container/connection_ledger.hpp"

#include <algorithm>

namespace troupe {

namespace {

/// Ended connections between the one that is forgotten and the one whose turn is prepared.
constexpr size_t look_ahead = 8;

bool was_established(const tcp_connection& record) {
  return (record.flags & (TCP_FLAG_ESTABLISHED | TCP_FLAG_PREEXISTING)) != 0
         || record.opened_ns != 0;
}

bool is_over(const connection& c) {
  return c.phase == connection_phase::ended || c.phase == connection_phase::failed;
}

/// When the connection that an "opened" record tells of began.
uint64_t born_ns(const tcp_connection& record) {
  return record.opened_ns != 0 ? record.opened_ns : record.header.time_ns;
}

/// A socket keeps its cookie when it is disconnected and connected again: then the record is of
/// a later connection than the one we know.
bool is_reconnect(const connection& c, const tcp_connection& record) {
  if ((record.flags & TCP_FLAG_PREEXISTING) != 0 || record.opened_ns == 0)
    return false;
  if (is_over(c))
    return record.opened_ns > c.ended_ns;
  return c.opened_ns != 0 && record.opened_ns > c.opened_ns;
}

} // namespace

uint32_t connection_ledger::find_series(const tcp_connection& record, const translation* known) {
  const auto remote = remote_end(record.endpoints);
  const auto max = options_.destinations_max;
  bool overflow = false;
  uint32_t found = 0;
  if (record.direction == TCP_INBOUND) {
    const inbound_key key{local_end(record.endpoints), fold_loopback(remote.ip)};
    found = series_of(inbound_, key, max, overflow);
  } else {
    const auto fold = [this](const endpoint& x) {
      return fold_destination(x, options_.ephemeral);
    };
    const auto dialled = fold(known != nullptr ? known->dialled : remote);
    const auto actual = known != nullptr ? fold(known->actual) : dialled;
    const auto name = names_ ? names_->newest(dialled.ip) : 0;
    found = series_of(outbound_, {dialled, actual, false, name}, max, overflow);
  }
  overflow_ += overflow ? 1 : 0;
  return found;
}

void connection_ledger::count_connect(connection& c, uint64_t connect_ns) {
  c.connect_counted = true;
  if (c.inbound) {
    ++inbound_[c.series].stats.connects;
    return;
  }
  c.connect_ns = connect_ns;
  auto& stats = outbound_[c.series].stats;
  ++stats.successful_connects;
  stats.connection_time_ns += connect_ns;
}

/// A connection that we have not heard of, or a further one of a socket that we know. The
/// reference lives until the next change of the table.
connection& connection_ledger::begin(const tcp_connection& record, const translation* known) {
  connection added;
  added.cookie = record.socket_cookie;
  added.opened_ns = record.opened_ns;
  added.series = find_series(record, known);
  added.inbound = record.direction == TCP_INBOUND;
  added.refreshed = tick_;
  auto* slot = connections_.find(added.cookie);
  if (slot != nullptr)
    *slot = added;
  else if (connections_.size() < connections_max)
    slot = &connections_.insert(added);
  else
    slot = &(untracked_ = added);
  with_stats(*slot, [](auto& stats) { ++stats.active_connections; });
  if ((record.flags & TCP_FLAG_PREEXISTING) == 0)
    count_connect(*slot, record.connect_ns);
  return *slot;
}

void connection_ledger::refresh(connection& c) {
  c.refreshed = tick_;
  if (c.phase != connection_phase::aged)
    return;
  c.phase = connection_phase::live;
  with_stats(c, [](auto& stats) { ++stats.active_connections; });
}

void connection_ledger::leave(connection& c, connection_phase phase) {
  if (c.phase == connection_phase::live)
    with_stats(c, [](auto& stats) { --stats.active_connections; });
  c.phase = phase;
}

/// The connection is over. Call last: it may change the table.
void connection_ledger::end(connection& c, connection_phase phase, uint64_t time_ns) {
  leave(c, phase);
  c.refreshed = tick_;
  c.ended_ns = std::max(time_ns, c.opened_ns);
  if (&c == &untracked_)
    return;
  ended_.push_back({c.cookie, c.ended_ns});
  forget_ended(ended_kept_max, c.ended_ns - std::min(c.ended_ns, ended_kept_ns));
}

/// Beyond so many, and those that ended before that time.
void connection_ledger::forget_ended(size_t keep, uint64_t ended_before_ns) {
  while (ended_.size() > keep || (!ended_.empty() && ended_.front().ended_ns < ended_before_ns)) {
    const auto cookie = ended_.front().cookie;
    ended_.pop_front();
    // The table has grown cold there: without this a fifth of a replay is waiting for memory.
    if (ended_.size() > look_ahead)
      connections_.expect(ended_[look_ahead].cookie);
    // A socket that was connected again is live, or stands further back once more.
    if (const auto* c = connections_.find(cookie); c != nullptr && is_over(*c))
      connections_.erase(cookie);
  }
}

void connection_ledger::raise_totals(connection& c, uint64_t sent, uint64_t received,
                                     uint32_t retransmits) {
  with_stats(c, [&](auto& stats) {
    stats.bytes_sent += std::max(sent, c.bytes_sent) - c.bytes_sent;
    stats.bytes_received += std::max(received, c.bytes_received) - c.bytes_received;
    stats.retransmits += std::max(retransmits, c.retransmits) - c.retransmits;
  });
  c.bytes_sent = std::max(sent, c.bytes_sent);
  c.bytes_received = std::max(received, c.bytes_received);
  c.retransmits = std::max(retransmits, c.retransmits);
}

void connection_ledger::count_totals(connection& c, const tcp_connection_totals& record) {
  raise_totals(c, record.bytes_sent, record.bytes_received, record.retransmits);
  if (record.srtt_us == 0)
    return;
  const auto rtt_ns = uint64_t{record.srtt_us} * 1000;
  with_stats(c, [rtt_ns](auto& stats) { stats.rtt.observe(rtt_ns); });
  if (c.inbound)
    return;
  auto& series = outbound_[c.series];
  if (record.connection.header.time_ns >= series.rtt_time_ns) {
    series.rtt_ns = rtt_ns;
    series.rtt_time_ns = record.connection.header.time_ns;
  }
}

void connection_ledger::count_reset(connection& c) {
  if (c.reset_counted)
    return;
  c.reset_counted = true;
  with_stats(c, [](auto& stats) { ++stats.resets; });
}

/// The kernel side was started anew and met this connection at its walk over open sockets: from
/// here on its totals count from zero again. What was counted before stands.
void connection_ledger::restart_totals(connection& c) {
  if (c.bytes_sent == 0 && c.bytes_received == 0 && c.retransmits == 0)
    return;
  c.restarted = true;
  c.bytes_sent = 0;
  c.bytes_received = 0;
  c.retransmits = 0;
}

bool connection_ledger::opened(const tcp_connection& record, const translation* known) {
  auto* c = connections_.find(record.socket_cookie);
  const bool preexisting = (record.flags & TCP_FLAG_PREEXISTING) != 0;
  if (c == nullptr) {
    if (record.socket_cookie == 0 || connections_.size() >= connections_max)
      return false; // Over the bound its close will count it, once.
    begin(record, known);
    return true;
  }
  if (is_over(*c)) {
    if (preexisting || born_ns(record) <= c->ended_ns)
      return false;
    begin(record, known);
    return true;
  }
  if (is_reconnect(*c, record)) { // The close in between was lost.
    leave(*c, connection_phase::ended);
    begin(record, known);
    return true;
  }
  refresh(*c);
  if (preexisting)
    restart_totals(*c);
  if (c->connect_counted || preexisting)
    return false;
  // The walk over open sockets at the start met it before its own event came.
  count_connect(*c, record.connect_ns);
  return true;
}

bool connection_ledger::connect_failed(const tcp_connection_totals& record,
                                       const translation* known) {
  const auto& about = record.connection;
  if (about.socket_cookie == 0)
    return false;
  const auto time_ns = about.header.time_ns;
  auto* c = connections_.find(about.socket_cookie);
  if (c != nullptr) {
    // A socket may try again after a failure, under the same cookie: only the time tells a
    // second failure from a repeated record.
    if (time_ns <= (is_over(*c) ? c->ended_ns : c->opened_ns))
      return false;
    leave(*c, connection_phase::ended);
  }
  connection failed;
  failed.cookie = about.socket_cookie;
  failed.series = find_series(about, known);
  failed.inbound = about.direction == TCP_INBOUND;
  failed.phase = connection_phase::failed;
  if (!failed.inbound)
    ++outbound_[failed.series].stats.failed_connects;
  raise_totals(failed, 0, 0, record.retransmits);
  if (c != nullptr)
    end(*c = failed, connection_phase::failed, time_ns);
  else if (connections_.size() < connections_max)
    end(connections_.insert(failed), connection_phase::failed, time_ns);
  return true;
}

void connection_ledger::finish(connection& c, const tcp_connection_totals& record) {
  refresh(c);
  count_totals(c, record);
  if ((record.connection.flags & TCP_FLAG_RESET) != 0)
    count_reset(c);
  end(c, connection_phase::ended, record.connection.header.time_ns);
}

bool connection_ledger::closed(const tcp_connection_totals& record, const translation* known) {
  const auto& about = record.connection;
  auto* c = connections_.find(about.socket_cookie);
  if (c == nullptr || is_over(*c)) {
    const bool late = c != nullptr && !is_reconnect(*c, about);
    if (late || about.socket_cookie == 0 || !was_established(about))
      return false;
    c = &begin(about, known);
  }
  finish(*c, record);
  return true;
}

bool connection_ledger::progress(const tcp_connection_totals& record, const translation* known) {
  const auto& about = record.connection;
  progress_seen_ = true;
  auto* c = connections_.find(about.socket_cookie);
  if (c == nullptr || is_over(*c)) {
    const bool late = c != nullptr && !is_reconnect(*c, about);
    if (late || about.socket_cookie == 0 || !was_established(about)
        || connections_.size() >= connections_max)
      return false;
    c = &begin(about, known);
  }
  refresh(*c);
  count_totals(*c, record);
  return true;
}

void connection_ledger::tick() {
  ++tick_;
  std::vector<uint64_t> forgotten;
  connections_.for_each([&](connection& c) {
    const auto age = tick_ - c.refreshed;
    // Where the iterator does not run nothing is ever refreshed, and silence means nothing.
    if (c.phase == connection_phase::live && progress_seen_ && age >= aged_after_ticks)
      leave(c, connection_phase::aged);
    else if (c.phase == connection_phase::aged && age >= aged_kept_ticks)
      forgotten.push_back(c.cookie);
  });
  for (const auto cookie : forgotten)
    connections_.erase(cookie);
  while (!ended_.empty()) {
    const auto* c = connections_.find(ended_.front().cookie);
    if (c != nullptr && is_over(*c) && tick_ - c->refreshed < ended_kept_ticks)
      break;
    forget_ended(ended_.size() - 1);
  }
  if (ended_.empty())
    ended_.shrink_to_fit();
  connections_.shrink();
}

} // namespace troupe
