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
  return {socket_cookie, verdict.bytes[0], verdict.bytes[1], verdict.opaque != 0,
          false,         verdict.turns,    verdict.rest[0],  verdict.rest[1]};
}

} // namespace

/// Stands between the connections and the account while one record is taken in.
class l7_account::listener final : public l7::observer {
public:
  listener(l7_account& account, const traced_by& by) : account_(account), by_(by) {}

  void exchanged(const l7::connection_ends& ends, l7_exchange exchange) override {
    if (is_counted(exchange))
      account_.count(ends, exchange);
    if (by_.flows != nullptr)
      by_.flows->exchanged(ends, exchange);
    if (by_.trace.traces(trace_l7))
      by_.trace.exchanged(ends, by_.comm, std::move(exchange));
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
    account_.count(ends, protocol, turns);
  }

private:
  l7_account& account_;
  const traced_by& by_;
};

void l7_account::captured(const l7_chunk& record, std::string_view bytes, const traced_by& by) {
  listener heard{*this, by};
  connections_.take(record, bytes, heard);
}

void l7_account::turned(const l7_turns& record, const traced_by& by) {
  listener heard{*this, by};
  connections_.turned(record, heard);
}

void l7_account::closed(uint64_t socket_cookie, const traced_by& by) {
  listener heard{*this, by};
  if (connections_.closed(socket_cookie, heard))
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
  return places_[{key.protocol, key.inbound, true, {}}];
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

l7_account::place& l7_account::place_of(const l7::connection_ends& ends, l7_protocol protocol) {
  place_key key;
  key.protocol = protocol;
  key.inbound = !ends.outbound;
  key.address = ends.outbound ? fold_destination(remote_end(ends.endpoints), options_.ephemeral)
                              : endpoint{fold_loopback(local_end(ends.endpoints).ip),
                                         ends.endpoints.local_port};
  return place_of(key);
}

void l7_account::count(const l7::connection_ends& ends, const l7_exchange& exchange) {
  auto& at = place_of(ends, exchange.protocol);
  const bool of_domain = exchange.protocol == l7_protocol::dns;
  ++kind_of(at, exchange.protocol,
            {has_codes(exchange.protocol) ? exchange.status : 0, exchange.outcome, exchange.method,
             of_domain ? exchange.subject : std::string{}, 0})
        .count;
  if (exchange.duration_ns > 0 || exchange.response_bytes > 0) // Else nobody answered.
    at.durations.observe(exchange.duration_ns);
}

void l7_account::count(const l7::connection_ends& ends, l7_protocol protocol,
                       const l7::turn_counts& turns) {
  auto& at = place_of(ends, protocol);
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
    if (!key.inbound)
      where.actual_destination = where.destination;
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
      kind_of(mine, key.protocol, std::move(kind)).count += count;
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
  orders_.insert(orders_.end(), other.orders_.begin(), other.orders_.end());
  other = l7_account{options_};
}

} // namespace troupe
