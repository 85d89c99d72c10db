// SPDX-License-Identifier: Apache-2.0
#pragma once

// What one container says and hears, counted: the requests of its connections by place and status.

#include "actors/container/address_names.hpp"
#include "actors/container/connection_ledger.hpp"
#include "actors/container/flow_ledger.hpp"
#include "actors/container/l7/connections.hpp"
#include "actors/container/l7/datagrams.hpp"
#include "actors/container/trace_maker.hpp"
#include "messages/control.hpp"
#include "messages/snapshot.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

namespace troupe {

class l7_account {
public:
  /// Statuses, methods and subjects that one place tells apart; those beyond are "~other".
  static constexpr size_t kinds_max = 128;
  /// Of DNS, for each domain that is told apart: types and outcomes.
  static constexpr size_t kinds_of_domain_max = 8;

  explicit l7_account(const container_options& options,
                      std::shared_ptr<address_names> names = nullptr)
      : options_(options),
        names_(std::move(names)),
        connections_(l7::protocols(), options.l7_off) {}

  /// Of a container that is not to be listened to, everything is refused.
  void turn_off(bool off) { off_ = off; }

  /// Where requests are told, with the name of the process that a record is of.
  struct traced_by {
    trace_maker& trace;
    std::string_view comm;
    flow_ledger* flows = nullptr;                   ///< where they are asked for
    const translations* translated = nullptr;       ///< those that go elsewhere than they say
    const container_processes* processes = nullptr; ///< in place of `comm`: those of many records
  };

  /// A send or receive. Requests that it completes are counted, and traced if that is asked for.
  void captured(const l7_chunk& record, std::string_view bytes, const traced_by& by);
  /// One datagram.
  void datagram(const l7_chunk& record, std::string_view bytes, const traced_by& by);
  /// Questions that nobody will answer any more are counted. `now_ns` goes on by the clock.
  void tick(uint64_t now_ns, const traced_by& by);
  /// What the kernel has counted by itself.
  void turned(const l7_turns& record, const traced_by& by);
  void closed(uint64_t socket_cookie, const traced_by& by);

  /// What the reader has to know; each call empties it.
  [[nodiscard]] std::vector<capture_order> take_orders();

  void add_to(container_snapshot& snapshot) const;
  /// Takes over what an account of the same container has counted, and its connections.
  void absorb(l7_account&& other);

private:
  struct place_key {
    l7_protocol protocol = l7_protocol::opaque;
    bool inbound = false;
    bool other = false; ///< all that came after the bound was reached
    endpoint address;
    endpoint actual;   ///< after NAT; of what came in the same
    uint32_t name = 0; ///< of the address, by number; 0: it had none

    friend bool operator==(const place_key&, const place_key&) = default;
  };
  struct place_hash {
    size_t operator()(const place_key& x) const {
      return hash_of(x.address) + 17 * hash_of(x.actual) + 31 * static_cast<size_t>(x.protocol)
             + (x.inbound ? 7 : 0) + x.name;
    }
  };
  struct kind_count {
    int status = 0;
    l7_outcome outcome = l7_outcome::unknown;
    std::string method;
    std::string subject;
    uint64_t count = 0;
  };
  struct place {
    std::vector<kind_count> kinds;
    std::unordered_map<std::string, size_t> kind_index; ///< of DNS, which has many
    latency_histogram durations;
  };
  class listener;

  void count(place& at, const l7_exchange& exchange);
  void count(place& at, l7_protocol protocol, const l7::turn_counts& turns);
  place& place_of(const l7::connection_ends& ends, l7_protocol protocol, const translation* known);
  place& place_of(const place_key& key);
  kind_count& kind_of(place& at, l7_protocol protocol, kind_count kind);
  kind_count& kind_of_domain(place& at, kind_count kind);
  l7_understanding& understanding_of(l7_protocol protocol);

  void refuse(const l7_chunk& record);

  container_options options_;
  std::shared_ptr<address_names> names_; ///< null: nobody wants to know
  l7::connections connections_;
  l7::datagrams datagrams_;
  uint64_t heard_ns_ = 0;    ///< the clock of the records, at the last datagram
  uint64_t heard_at_ns_ = 0; ///< the tick after it; 0: it is still to come
  std::unordered_set<std::string> domains_;
  std::unordered_map<place_key, place, place_hash> places_;
  std::vector<l7_understanding> understood_;
  std::vector<capture_order> orders_;
  bool off_ = false;
};

} // namespace troupe
