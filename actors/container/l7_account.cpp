// SPDX-License-Identifier: Apache-2.0
#include "actors/container/l7_account.hpp"

#include "actors/container/destination.hpp"

#include <algorithm>
#include <array>
#include <tuple>
#include <utility>

namespace troupe {

static_assert(latency_buckets_ns == std::to_array<uint64_t>({L7_TURN_BOUNDS}));
static_assert(std::tuple_size_v<decltype(latency_histogram::counts)> == L7_TURN_BUCKETS);

namespace {

/// Of HTTP and gRPC the code is the status that people ask for.
bool has_codes(l7_protocol protocol) {
  return protocol == l7_protocol::http || protocol == l7_protocol::http2
         || protocol == l7_protocol::grpc;
}

/// Of messages, a failure of something else is none: it is only traced.
bool is_counted(const l7_exchange& x) {
  const bool are_messages = x.protocol == l7_protocol::rabbitmq || x.protocol == l7_protocol::nats;
  return !are_messages || !x.method.empty();
}

std::string status_text(l7_protocol protocol, int status, l7_outcome outcome) {
  if (outcome == l7_outcome::unknown || !has_codes(protocol))
    return std::string{to_string(outcome)};
  return (protocol == l7_protocol::grpc ? "grpc:" : "") + std::to_string(status);
}

capture_order order_of(uint64_t socket_cookie, const l7_verdict& verdict) {
  return {socket_cookie, verdict.bytes[0], verdict.bytes[1], verdict.opaque != 0, false,
          verdict.turns, verdict.tails,    verdict.frames,   verdict.rest[0],     verdict.rest[1]};
}

} // namespace

/// Stands between the connections and the account while one record is taken in.
class l7_account::listener final : public l7::observer {
public:
  listener(l7_account& account, const traced_by& by) : account_(account), by_(by) {}

  void met(l7::connection_ends& ends) override {
    if (ends.outbound && account_.names_)
      ends.name = account_.names_->newest(remote_end(ends.endpoints).ip);
  }
  void resolved(const l7::connection_ends& ends, std::string_view name,
                const std::array<uint8_t, 16>& address) override {
    if (ends.outbound && account_.names_) // Else it told others.
      account_.names_->learn({address}, name);
  }
  void forgotten(uint64_t socket_cookie) override {
    account_.orders_.push_back({.socket_cookie = socket_cookie, .over = true});
  }
  void exchanged(const l7::connection_ends& ends, l7_exchange exchange) override {
    const auto* known = translation_of(ends);
    const bool counts = is_counted(exchange);
    if (counts)
      account_.count(account_.place_of(ends, exchange.protocol, known), exchange);
    const bool is_known_who = ends.endpoints.remote_port != 0;
    if (counts && is_known_who && by_.flows != nullptr)
      by_.flows->exchanged(at_actual_end(ends, known), exchange);
    if (by_.trace.traces(trace_l7))
      by_.trace.exchanged(ends, comm_of(ends), std::move(exchange), known);
  }
  void not_understood(l7_protocol protocol, l7::unparsed reason, uint64_t bytes) override {
    account_.understanding_of(protocol).unparsed_bytes.at(static_cast<size_t>(reason)) += bytes;
  }
  void captured(l7_protocol protocol, uint64_t bytes) override {
    account_.understanding_of(protocol).captured_bytes += bytes;
  }
  void decided(uint64_t socket_cookie, const l7_verdict& verdict) override {
    account_.orders_.push_back(order_of(socket_cookie, verdict));
  }

  void turned(const l7::connection_ends& ends, l7_protocol protocol,
              const l7::turn_counts& turns) override {
    account_.count(account_.place_of(ends, protocol, translation_of(ends)), protocol, turns);
  }

private:
  [[nodiscard]] const translation* translation_of(const l7::connection_ends& ends) const {
    return by_.translated != nullptr && ends.outbound
               ? by_.translated->find(ends.socket_cookie, ends.endpoints)
               : nullptr;
  }
  [[nodiscard]] std::string_view comm_of(const l7::connection_ends& ends) const {
    return by_.processes != nullptr ? by_.processes->comm_of({ends.pid, ends.start_boottime_ns})
                                    : by_.comm;
  }

  l7_account& account_;
  const traced_by& by_;
};

/// The connection is opaque, and so is from now on whatever begins in its cgroup.
void l7_account::refuse(const l7_chunk& record) {
  orders_.push_back({.socket_cookie = record.socket_cookie, .opaque = true});
  if (off_)
    orders_.push_back({.cgroup = record.header.cgroup_id});
}

void l7_account::captured(const l7_chunk& record, std::string_view bytes, const traced_by& by) {
  if (off_)
    return refuse(record);
  listener heard{*this, by};
  connections_.take(record, bytes, heard);
}

void l7_account::datagram(const l7_chunk& record, std::string_view bytes, const traced_by& by) {
  if (off_ || (options_.l7_off >> static_cast<unsigned>(l7_protocol::dns) & 1U) != 0)
    return refuse(record);
  heard_ns_ = std::max<uint64_t>(heard_ns_, record.header.time_ns);
  heard_at_ns_ = 0;
  listener heard{*this, by};
  datagrams_.take(record, bytes, heard);
}

// The records of a recording are of another time: its clock is theirs.
void l7_account::tick(uint64_t now_ns, const traced_by& by) {
  if (datagrams_.size() == 0)
    return;
  if (heard_at_ns_ == 0)
    heard_at_ns_ = now_ns;
  listener heard{*this, by};
  datagrams_.expire(heard_ns_ + (now_ns - std::min(now_ns, heard_at_ns_)), heard);
}

void l7_account::turned(const l7_turns& record, const traced_by& by) {
  listener heard{*this, by};
  connections_.turned(record, heard);
}

void l7_account::closed(uint64_t socket_cookie, const traced_by& by) {
  listener heard{*this, by};
  if (connections_.closed(socket_cookie, heard) || off_)
    orders_.push_back({.socket_cookie = socket_cookie, .over = true});
}

std::vector<capture_order> l7_account::take_orders() {
  return std::exchange(orders_, {});
}

l7_understanding& l7_account::understanding_of(l7_protocol protocol) {
  for (auto& x : understood_)
    if (x.protocol == protocol)
      return x;
  return understood_.emplace_back(l7_understanding{protocol, 0, {}, 0});
}

l7_account::place& l7_account::place_of(const place_key& key) {
  if (const auto known = places_.find(key); known != places_.end())
    return known->second;
  if (places_.size() < 2 * size_t{options_.destinations_max})
    return places_[key];
  ++understanding_of(key.protocol).overflow;
  return places_[{key.protocol, key.inbound, true, {}, {}, 0}];
}

l7_account::kind_count& l7_account::kind_of(place& at, l7_protocol protocol, kind_count kind) {
  const auto found = std::find_if(at.kinds.begin(), at.kinds.end(), [&kind](const kind_count& x) {
    return x.status == kind.status && x.outcome == kind.outcome && x.method == kind.method
           && x.subject == kind.subject;
  });
  if (found != at.kinds.end())
    return *found;
  if (at.kinds.size() < kinds_max)
    return at.kinds.emplace_back(std::move(kind));
  ++understanding_of(protocol).overflow;
  for (auto& x : at.kinds)
    if (x.subject == other_series)
      return x;
  return at.kinds.emplace_back(kind_count{0, l7_outcome::unknown, {}, other_series, 0});
}

/// The domain is one of a bounded number; status and type are told apart all the same.
l7_account::kind_count& l7_account::kind_of_domain(place& at, kind_count kind) {
  if (!domains_.contains(kind.subject)) {
    if (domains_.size() < options_.domains_max) {
      domains_.insert(kind.subject);
    } else if (kind.subject != other_series) {
      ++understanding_of(l7_protocol::dns).overflow;
      kind.subject = other_series;
    }
  }
  std::string key{to_string(kind.outcome)};
  key.append(" ").append(kind.method).append(" ").append(kind.subject);
  if (const auto known = at.kind_index.find(key); known != at.kind_index.end())
    return at.kinds[known->second];
  if (at.kinds.size() >= kinds_of_domain_max * (options_.domains_max + size_t{1}))
    return kind_of(at, l7_protocol::dns, std::move(kind));
  at.kind_index.emplace(std::move(key), at.kinds.size());
  return at.kinds.emplace_back(std::move(kind));
}

l7_account::place& l7_account::place_of(const l7::connection_ends& ends, l7_protocol protocol,
                                        const translation* known) {
  place_key key;
  key.protocol = protocol;
  key.inbound = !ends.outbound;
  if (ends.outbound) {
    const auto peer = remote_end(ends.endpoints);
    key.address = fold_destination(known != nullptr ? known->dialled : peer, options_.ephemeral);
    key.actual =
        known != nullptr ? fold_destination(known->actual, options_.ephemeral) : key.address;
    key.name = known != nullptr && names_ ? names_->newest(known->dialled.ip) : ends.name;
  } else {
    key.address = {fold_loopback(local_end(ends.endpoints).ip), ends.endpoints.local_port};
  }
  return place_of(key);
}

void l7_account::count(place& at, const l7_exchange& exchange) {
  if (exchange.protocol == l7_protocol::dns)
    ++kind_of_domain(at, {0, exchange.outcome, exchange.method, exchange.subject, 0}).count;
  else
    ++kind_of(at, exchange.protocol,
              {has_codes(exchange.protocol) ? exchange.status : 0,
               exchange.outcome,
               exchange.method,
               {},
               0})
          .count;
  if (exchange.duration_ns > 0 || exchange.response_bytes > 0) // Else nobody answered.
    at.durations.observe(exchange.duration_ns);
}

void l7_account::count(place& at, l7_protocol protocol, const l7::turn_counts& turns) {
  for (const auto& answered : turns.answers)
    if (answered.count > 0)
      kind_of(at, protocol, {answered.status, answered.outcome, {}, {}, 0}).count += answered.count;
  for (size_t i = 0; i < turns.durations.size(); ++i)
    at.durations.counts[i] += turns.durations[i];
  at.durations.sum_ns += turns.duration_sum_ns;
}

void l7_account::add_to(container_snapshot& snapshot) const {
  for (const auto& [key, at] : places_) {
    l7_place where{key.protocol, key.inbound, key.other ? other_series : to_text(key.address), {}};
    if (!key.inbound && !key.other && names_)
      where.destination = names_->text_of(key.address, key.name);
    if (!key.inbound)
      where.actual_destination = key.other ? other_series : to_text(key.actual);
    for (const auto& kind : at.kinds)
      snapshot.l7_requests_made.push_back({where,
                                           status_text(key.protocol, kind.status, kind.outcome),
                                           kind.method, kind.subject, kind.count});
    snapshot.l7_durations_of.push_back({std::move(where), at.durations});
  }
  snapshot.l7_understood = understood_;
}

void l7_account::absorb(l7_account&& other) {
  for (auto& [key, theirs] : other.places_) {
    auto& mine = place_of(key);
    for (auto& kind : theirs.kinds) {
      const auto count = std::exchange(kind.count, 0);
      auto& kept = key.protocol == l7_protocol::dns ? kind_of_domain(mine, std::move(kind))
                                                    : kind_of(mine, key.protocol, std::move(kind));
      kept.count += count;
    }
    mine.durations.merge(theirs.durations);
  }
  for (const auto& theirs : other.understood_) {
    auto& mine = understanding_of(theirs.protocol);
    mine.captured_bytes += theirs.captured_bytes;
    mine.overflow += theirs.overflow;
    for (size_t i = 0; i < l7_unparsed_reasons; ++i)
      mine.unparsed_bytes.at(i) += theirs.unparsed_bytes.at(i);
  }
  connections_.absorb(std::move(other.connections_));
  datagrams_.absorb(std::move(other.datagrams_));
  heard_ns_ = std::max(heard_ns_, other.heard_ns_);
  orders_.insert(orders_.end(), other.orders_.begin(), other.orders_.end());
  other = l7_account{options_};
}

} // namespace troupe
