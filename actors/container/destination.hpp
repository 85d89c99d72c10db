// SPDX-License-Identifier: Apache-2.0
#pragma once

// How addresses are named in series and traces, and which of them share a name.

#include "bpf/event.h"

#include <array>
#include <cstdint>
#include <cstring>
#include <functional>
#include <string>

namespace troupe {

/// An IP address as the kernel hands it over: network byte order, IPv4 as v4-mapped IPv6.
struct ip_address {
  std::array<uint8_t, 16> bytes{};

  friend bool operator==(const ip_address&, const ip_address&) = default;
};

inline ip_address to_ip(const __u8 (&raw)[16]) {
  ip_address result;
  std::memcpy(result.bytes.data(), raw, sizeof(raw));
  return result;
}

/// An address with a port in host byte order.
struct endpoint {
  ip_address ip;
  uint16_t port = 0;

  friend bool operator==(const endpoint&, const endpoint&) = default;
};

inline endpoint local_end(const tcp_endpoint_pair& pair) {
  return {to_ip(pair.local), pair.local_port};
}

inline endpoint remote_end(const tcp_endpoint_pair& pair) {
  return {to_ip(pair.remote), pair.remote_port};
}

/// Ports that a kernel gives to whoever asks for none. The default is that of Linux
/// (net.ipv4.ip_local_port_range).
struct port_range {
  uint16_t first = 32768;
  uint16_t last = 60999;

  [[nodiscard]] bool contains(uint16_t port) const { return port >= first && port <= last; }
};

/// All of 127.0.0.0/8 becomes 127.0.0.1; everything else stays as it is.
[[nodiscard]] ip_address fold_loopback(const ip_address& ip);

/// The destination that a connection counts for: loopback folded, and port 0 for a port in the
/// ephemeral range, which names one conversation and no service. Without this, every peer to peer
/// transfer would be a series of its own.
[[nodiscard]] endpoint fold_destination(const endpoint& dialled, port_range ephemeral);

/// "10.0.0.1" or "fd00::1"; IPv4 also when it came v4-mapped.
[[nodiscard]] std::string to_text(const ip_address& ip);

/// "10.0.0.1:80" or "[fd00::1]:80".
[[nodiscard]] std::string to_text(const endpoint& x);

inline size_t hash_of(const ip_address& ip) {
  uint64_t high = 0;
  uint64_t low = 0;
  std::memcpy(&high, ip.bytes.data(), sizeof(high));
  std::memcpy(&low, ip.bytes.data() + sizeof(high), sizeof(low));
  // The multiplier is 2^64 / golden ratio: it spreads neighbours, and addresses are neighbours.
  low = (low ^ (high >> 7) ^ (high << 13)) * 0x9E3779B97F4A7C15U;
  return low ^ (low >> 32);
}

inline size_t hash_of(const endpoint& x) {
  const uint64_t mixed = (hash_of(x.ip) + x.port) * 0x9E3779B97F4A7C15U;
  return mixed ^ (mixed >> 32);
}

} // namespace troupe
