// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/container/container_processes.hpp"
#include "actors/container/destination.hpp"
#include "messages/snapshot.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

namespace troupe {

/// The listening sockets of one container. Several may share an address (SO_REUSEPORT).
class listen_table {
public:
  static constexpr size_t listens_max = 2048;

  /// False when it is known already, or closed already, or when there are too many.
  bool opened(const tcp_listen& record, const container_processes& processes);
  void closed(const tcp_listen& record);

  /// One entry an address, in the order of their text.
  [[nodiscard]] std::vector<listen_stats> snapshot(const container_processes& processes) const;
  /// Sockets over the bound.
  [[nodiscard]] uint64_t overflow() const { return overflow_; }

  void absorb(listen_table&& other);
  void clear() { sockets_.clear(); }

private:
  struct listening {
    endpoint local;
    process_id owner;
    std::string proxy;
  };

  [[nodiscard]] bool closed_lately(uint64_t cookie) const;
  void remember_closed(uint64_t cookie);

  std::unordered_map<uint64_t, listening> sockets_; ///< by socket cookie
  std::array<uint64_t, 16> closed_{};               ///< the last ones; a ring
  size_t closed_next_ = 0;
  uint64_t overflow_ = 0;
};

} // namespace troupe
