// SPDX-License-Identifier: Apache-2.0
#pragma once

// The frames of HTTP/2: RFC 9113, sections 4 and 6.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace troupe::l7::http2 {

/// What a client says first.
inline constexpr std::string_view preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

inline constexpr size_t frame_header_bytes = 9;

enum class frame_type : uint8_t {
  data = 0,
  headers = 1,
  priority = 2,
  rst_stream = 3,
  settings = 4,
  push_promise = 5,
  ping = 6,
  goaway = 7,
  window_update = 8,
  continuation = 9,
};

/// SETTINGS and PING say `ack` with the bit that ends a stream elsewhere.
inline constexpr uint8_t flag_end_stream = 0x1;
inline constexpr uint8_t flag_ack = 0x1;
inline constexpr uint8_t flag_end_headers = 0x4;
inline constexpr uint8_t flag_padded = 0x8;
inline constexpr uint8_t flag_priority = 0x20;

struct frame_header {
  uint32_t length = 0; ///< of the payload
  frame_type type = frame_type::data;
  uint8_t flags = 0;
  uint32_t stream = 0;

  [[nodiscard]] bool has(uint8_t flag) const { return (flags & flag) != 0; }
  [[nodiscard]] uint64_t size() const { return frame_header_bytes + uint64_t{length}; }
};

/// Nothing where there are fewer bytes than a header has.
std::optional<frame_header> read_frame_header(std::string_view bytes);

/// The rules that every frame obeys: its stream, and its length where the type has one. A type that
/// nobody knows is passed over, as the RFC wants.
bool is_lawful(const frame_header& x);

/// SETTINGS_MAX_FRAME_SIZE unless said otherwise.
inline constexpr uint32_t usual_length_max = 1U << 14;

/// What is also true of frames that one meets: a known type with known flags, and no more bytes
/// than the settings allow. It is asked where nothing proves that a frame begins at this byte.
bool is_usual(const frame_header& x, uint32_t length_max = usual_length_max);

/// SETTINGS_MAX_FRAME_SIZE in the payload of SETTINGS; 0 where it is not said.
uint32_t max_frame_size(std::string_view settings);

/// The header block in the payload of HEADERS, PUSH_PROMISE or CONTINUATION, of which perhaps only
/// the beginning is here; without padding, priority and promised stream. Nothing where these are
/// longer than the frame.
std::optional<std::string_view> header_block_of(const frame_header& x, std::string_view payload);

/// Four bytes of a payload; nothing where they are not here.
std::optional<uint32_t> number_at(std::string_view payload, size_t offset);

} // namespace troupe::l7::http2
