// SPDX-License-Identifier: Apache-2.0
#pragma once

// The series of a container: which destinations it has, and which peers come to it. Series are
// never removed, because a counter that vanishes is a wrong counter; so their number is bounded.

#include "actors/container/destination.hpp"
#include "messages/snapshot.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

namespace troupe {

/// Stands for all that came after the bound was reached.
inline constexpr const char* other_series = "~other";

/// Local addresses that get a series for their "~other" peers beyond the bound.
inline constexpr size_t other_peers_max = 64;

struct outbound_key {
  endpoint dialled;
  endpoint actual; ///< after NAT
  bool other = false;
  uint32_t name = 0; ///< number of the dialled address' name (address_names.hpp); 0: it had none

  friend bool operator==(const outbound_key&, const outbound_key&) = default;
};

struct inbound_key {
  endpoint local;
  ip_address peer;
  bool other_peer = false;
  bool other_local = false;

  friend bool operator==(const inbound_key&, const inbound_key&) = default;
};

struct outbound_series {
  outbound_key key;
  destination_stats stats;
  uint64_t rtt_ns = 0; ///< the newest
  uint64_t rtt_time_ns = 0;
};

struct inbound_series {
  inbound_key key;
  inbound_stats stats;
};

struct series_hash {
  size_t operator()(const outbound_key& x) const {
    return hash_of(x.dialled) + 31 * hash_of(x.actual) + x.name;
  }
  size_t operator()(const inbound_key& x) const { return hash_of(x.local) + 31 * hash_of(x.peer); }
};

template <class Key, class Series>
class series_table {
public:
  /// Index of the key's series; nothing when it is new and there are `max` already.
  std::optional<uint32_t> find_or_add(const Key& key, size_t max) {
    if (auto i = index_.find(key); i != index_.end())
      return i->second;
    if (series_.size() >= max)
      return std::nullopt;
    const auto added = static_cast<uint32_t>(series_.size());
    index_.emplace(key, added);
    series_.push_back(named(key));
    return added;
  }

  Series& operator[](uint32_t i) { return series_[i]; }
  [[nodiscard]] const std::vector<Series>& all() const { return series_; }

private:
  static Series named(const Key& key);

  std::vector<Series> series_;
  std::unordered_map<Key, uint32_t, series_hash> index_;
};

using outbound_table = series_table<outbound_key, outbound_series>;
using inbound_table = series_table<inbound_key, inbound_series>;

template <>
outbound_series outbound_table::named(const outbound_key& key);
template <>
inbound_series inbound_table::named(const inbound_key& key);

/// The series of an outbound connection, or "~other"; `overflow` says which.
uint32_t series_of(outbound_table& table, const outbound_key& key, size_t max, bool& overflow);

/// The series of an inbound connection. Over the bound the peer becomes "~other", and when even
/// the local addresses are too many, both do.
uint32_t series_of(inbound_table& table, const inbound_key& key, size_t max, bool& overflow);

/// Adds what one series counted to another.
void add(destination_stats& to, const destination_stats& from);
void add(outbound_series& to, const outbound_series& from);
void add(inbound_series& to, const inbound_series& from);

} // namespace troupe
