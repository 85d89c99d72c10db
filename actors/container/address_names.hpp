// SPDX-License-Identifier: Apache-2.0
#pragma once

// Which names DNS has told one container for addresses. What it dials is shown under the name: it
// asked for that one.
//
// Whoever dials has the name put in the key of its series, as a number, at that moment. So two
// names of one address are two series, and none of them changes when the other is asked for. What
// was dialled before there was any name for the address is shown under the first one that came:
// then it is one series, whichever came first. For how long an answer may be kept (TTL) says
// nothing of how long applications keep it.

#include "actors/container/destination.hpp"
#include "messages/snapshot.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace troupe {

class address_names {
public:
  /// Addresses with a name; those of which was told first make room.
  static constexpr size_t addresses_max = 1024;
  /// What DNS allows (RFC 1035 §2.3.4). Longer ones are full of escapes.
  static constexpr size_t name_bytes_max = 253;

  /// Names beyond `names_max` are not kept: their addresses stay addresses.
  explicit address_names(size_t names_max) : names_max_(names_max) {}

  void learn(const ip_address& address, std::string_view name);

  /// Number of the name that was told last for it; 0: none.
  [[nodiscard]] uint32_t newest(const ip_address& address) const {
    const auto* known = addresses_.empty() ? nullptr : find(address);
    return known != nullptr ? known->newest : 0;
  }

  /// "shop.example:80", for somebody who had this name, or none, when it dialled; "10.0.0.1:80".
  [[nodiscard]] std::string text_of(const endpoint& dialled, uint32_t name) const;

  [[nodiscard]] bool empty() const { return addresses_.empty(); }
  /// Answers of which the name was not kept.
  [[nodiscard]] uint64_t overflow() const { return overflow_; }

  /// Every address with its newest name.
  [[nodiscard]] std::vector<address_name> all() const;

  /// Takes over what the same container was told elsewhere. A name has the same number everywhere.
  void absorb(const address_names& other);

private:
  struct names_of_address {
    uint32_t first = 0;
    uint32_t newest = 0;
  };
  struct address_hash {
    size_t operator()(const ip_address& x) const { return hash_of(x); }
  };

  [[nodiscard]] const names_of_address* find(const ip_address& address) const;
  /// 0 where there are too many.
  uint32_t number_of(std::string_view name);
  void assign(const ip_address& address, uint32_t first, uint32_t newest);

  size_t names_max_;
  std::unordered_map<uint32_t, std::string> names_; ///< by number; never removed: series have them
  std::unordered_map<ip_address, names_of_address, address_hash> addresses_;
  std::deque<ip_address> order_; ///< as they came
  uint64_t overflow_ = 0;
};

/// One row for those that the names made equal.
void merge_equal(std::vector<destination_stats>& rows);

} // namespace troupe
