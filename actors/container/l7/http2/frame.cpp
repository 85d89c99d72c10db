// SPDX-License-Identifier: Apache-2.0
#include "actors/container/l7/http2/frame.hpp"

#include <algorithm>

namespace troupe::l7::http2 {
namespace {

uint32_t big_endian(std::string_view bytes, size_t at, size_t count) {
  uint32_t result = 0;
  for (size_t i = 0; i < count; ++i)
    result = result << 8U | static_cast<uint8_t>(bytes[at + i]);
  return result;
}

uint8_t known_flags(frame_type type) {
  switch (type) {
    case frame_type::data:
      return flag_end_stream | flag_padded;
    case frame_type::headers:
      return flag_end_stream | flag_end_headers | flag_padded | flag_priority;
    case frame_type::push_promise:
      return flag_end_headers | flag_padded;
    case frame_type::continuation:
      return flag_end_headers;
    case frame_type::settings:
    case frame_type::ping:
      return flag_ack;
    case frame_type::priority:
    case frame_type::rst_stream:
    case frame_type::goaway:
    case frame_type::window_update:
      break;
  }
  return 0;
}

} // namespace

std::optional<frame_header> read_frame_header(std::string_view bytes) {
  if (bytes.size() < frame_header_bytes)
    return std::nullopt;
  // The highest bit of a stream's number is reserved, and ignored.
  return frame_header{big_endian(bytes, 0, 3), static_cast<frame_type>(bytes[3]),
                      static_cast<uint8_t>(bytes[4]), big_endian(bytes, 5, 4) & 0x7fff'ffffU};
}

bool is_lawful(const frame_header& x) {
  switch (x.type) {
    case frame_type::data:
    case frame_type::continuation:
      return x.stream != 0;
    case frame_type::headers:
    case frame_type::push_promise:
      return x.stream != 0 && x.length > 0;
    case frame_type::priority:
      return x.stream != 0 && x.length == 5;
    case frame_type::rst_stream:
      return x.stream != 0 && x.length == 4;
    case frame_type::settings:
      return x.stream == 0 && x.length % 6 == 0;
    case frame_type::ping:
      return x.stream == 0 && x.length == 8;
    case frame_type::goaway:
      return x.stream == 0 && x.length >= 8;
    case frame_type::window_update:
      return x.length == 4;
  }
  return true;
}

bool is_usual(const frame_header& x, uint32_t length_max) {
  return x.type <= frame_type::continuation && is_lawful(x)
         && (x.flags & static_cast<uint8_t>(~known_flags(x.type))) == 0 && x.length <= length_max;
}

std::optional<std::string_view> header_block_of(const frame_header& x, std::string_view payload) {
  const auto padded = x.type != frame_type::continuation && x.has(flag_padded);
  size_t before = padded ? 1 : 0;
  if (x.type == frame_type::headers && x.has(flag_priority))
    before += 5;
  if (x.type == frame_type::push_promise)
    before += 4;
  if (payload.size() < before)
    return x.length < before ? std::nullopt : std::optional<std::string_view>{std::string_view{}};
  const size_t padding = padded ? static_cast<uint8_t>(payload[0]) : 0;
  if (before + padding > x.length)
    return std::nullopt;
  return payload.substr(before, x.length - before - padding);
}

uint32_t max_frame_size(std::string_view settings) {
  constexpr uint32_t max_frame_size_id = 5;
  uint32_t result = 0;
  for (; settings.size() >= 6; settings.remove_prefix(6))
    if (big_endian(settings, 0, 2) == max_frame_size_id)
      result = big_endian(settings, 2, 4);
  return std::min(result, (1U << 24U) - 1);
}

std::optional<uint32_t> number_at(std::string_view payload, size_t offset) {
  if (payload.size() < offset + 4)
    return std::nullopt;
  return big_endian(payload, offset, 4);
}

} // namespace troupe::l7::http2
