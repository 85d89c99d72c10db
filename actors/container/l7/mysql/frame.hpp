// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace troupe::l7::mysql {

inline constexpr size_t header_bytes = 4;

/// A packet that is full: its message goes on in the next one.
inline constexpr uint32_t full_packet = 0xffffff;

/// What stands before each packet's payload.
struct packet_header {
  uint32_t length = 0;  ///< of the payload
  uint8_t sequence = 0; ///< 0 begins a command
};

/// Nothing where the header is not all there.
std::optional<packet_header> read_header(std::string_view bytes);

/// Little endian, of at most 8 bytes; what is missing is 0.
uint64_t read_uint(std::string_view bytes, size_t at, size_t size);

/// A length-encoded integer at the front, which is taken off; nothing where it is cut or none.
std::optional<uint64_t> take_lenenc(std::string_view& bytes);

} // namespace troupe::l7::mysql
