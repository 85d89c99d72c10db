// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/container/destination.hpp"
#include "bpf/event.h"
#include "messages/nat.hpp"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <unordered_map>

namespace troupe {

/// A connection whose packets go elsewhere than its application dialled.
struct translation {
  endpoint dialled;
  endpoint actual;
};

inline endpoint to_endpoint(const nat_address& x) {
  return {ip_address{x.ip}, x.port};
}

/// What is said of a connection, with the address that it really goes to.
template <class Told>
Told at_actual_end(Told x, const translation* known) {
  if (known == nullptr)
    return x;
  std::memcpy(x.endpoints.remote, known->actual.ip.bytes.data(), sizeof(x.endpoints.remote));
  x.endpoints.remote_port = known->actual.port;
  return x;
}

inline tcp_connection_totals at_actual_end(tcp_connection_totals x, const translation* known) {
  x.connection = at_actual_end(x.connection, known);
  return x;
}

/// The open connections that are translated, by socket cookie. On most machines few are.
class translations {
public:
  /// Those beyond go where they say.
  static constexpr size_t most = 65536;

  /// Null: it goes where it says. A socket without connections may talk to several.
  [[nodiscard]] const translation* find(uint64_t cookie, const tcp_endpoint_pair& ends) const {
    if (known_.empty())
      return nullptr;
    const auto found = known_.find(cookie);
    if (found == known_.end())
      return nullptr;
    const auto& x = found->second.ends;
    const auto peer = remote_end(ends);
    return peer == x.dialled || peer == x.actual ? &x : nullptr;
  }
  /// False when there are too many.
  bool add(uint64_t cookie, const translation& x) {
    if (known_.size() >= most && !known_.contains(cookie))
      return false;
    known_.insert_or_assign(cookie, entry{x, 0});
    return true;
  }
  void erase(uint64_t cookie) {
    if (!known_.empty())
      known_.erase(cookie);
  }
  /// Drops those that nobody needs any more: that were not open at so many calls in a row. The end
  /// of a connection may be lost, and a socket of datagrams has none.
  template <class Predicate>
  void age(Predicate&& is_open, uint32_t kept_calls) {
    for (auto i = known_.begin(); i != known_.end();) {
      i->second.idle = is_open(i->first) ? 0 : i->second.idle + 1;
      i = i->second.idle > kept_calls ? known_.erase(i) : std::next(i);
    }
  }
  void absorb(translations&& other) {
    for (const auto& [cookie, x] : other.known_)
      add(cookie, x.ends);
    other.known_.clear();
  }
  [[nodiscard]] size_t size() const { return known_.size(); }

private:
  struct entry {
    translation ends;
    uint32_t idle = 0;
  };
  std::unordered_map<uint64_t, entry> known_;
};

} // namespace troupe
