// SPDX-License-Identifier: Apache-2.0
#pragma once

// FoundationDB's FlowTransport: each end says first who it is and which version it speaks, then
// packets to endpoints of the other end, which are named by tokens.

#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace troupe::l7::foundationdb {

/// Nothing where it is none; `bytes` is 0 where more bytes have to tell.
struct connect_packet {
  uint64_t bytes = 0;
};
std::optional<connect_packet> read_connect_packet(std::string_view bytes);

struct token {
  static constexpr size_t bytes = 16;

  uint64_t first = 0;
  uint64_t second = 0;

  friend bool operator==(const token&, const token&) = default;

  /// Endpoints that take requests are told from those that wait for one answer.
  [[nodiscard]] bool takes_requests() const { return (first & 1U) != 0; }
};
inline constexpr token endpoint_not_found{UINT64_MAX, 0};
inline constexpr token ping{UINT64_MAX, 1};

token read_token(std::string_view bytes);

struct packet {
  static constexpr uint64_t message_bytes_max = 256U << 20; ///< 100 MB is their bound

  token to;
  uint64_t bytes = 0;       ///< of all of it
  std::string_view message; ///< as much of it as is there
  uint32_t type = 0;        ///< of the message
};

/// Packets of one connection have checksums of one size: XXH3's since version 7.1, CRC-32C before,
/// none inside of TLS.
std::optional<packet> read_packet(std::string_view bytes, size_t checksum_bytes);

/// The size of the checksum with which a packet makes sense; nothing where none does.
std::optional<size_t> find_checksum_bytes(std::string_view bytes);

} // namespace troupe::l7::foundationdb
