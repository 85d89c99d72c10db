// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/host/conntrack_message.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace troupe {

/// A network namespace, by its inode, and a process in it.
struct nat_hop {
  uint64_t network_namespace = 0;
  uint32_t pid = 0;

  friend bool operator==(const nat_hop&, const nat_hop&) = default;
};

/// Who on this machine translates addresses, as far as it can be asked.
class nat_sources {
public:
  virtual ~nat_sources() = default;

  /// The namespaces on the way from a process to the machine's own, in this order: its own first.
  /// Empty when the process is gone.
  virtual std::vector<nat_hop> path_of(uint32_t pid, uint64_t start_boottime_ns) = 0;

  /// The machine's own.
  virtual nat_hop machine() = 0;

  /// Follows each flow through the conntrack of this namespace. False when somebody should have
  /// answered and did not.
  virtual bool follow(const nat_hop& where, std::span<nat_flow> flows) = 0;

  /// What the application dialled, where Cilium put the backend's address into the socket itself.
  virtual std::optional<nat_address> dialled_by(uint64_t socket_cookie, const nat_flow& flow) = 0;

  /// Where Cilium's load balancer sends the flow.
  virtual std::optional<nat_address> backend_of(const nat_flow& flow) = 0;
};

} // namespace troupe
