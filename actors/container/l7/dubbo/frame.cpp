// SPDX-License-Identifier: Apache-2.0
#include "actors/container/l7/dubbo/frame.hpp"

#include "actors/container/l7/byte_cursor.hpp"

namespace troupe::l7::dubbo {
namespace {

constexpr uint8_t request_bit = 0x80;
constexpr uint8_t two_way_bit = 0x40;
constexpr uint8_t event_bit = 0x20;
constexpr uint8_t serialization_bits = 0x1f;
constexpr uint32_t body_bytes_max = 256U << 20; // 8 MB (payload) unless set.

} // namespace

std::optional<header> read_header(std::string_view bytes) {
  byte_cursor cursor{bytes};
  cursor.skip(magic.size());
  const auto flags = cursor.u8();
  header x;
  x.is_request = (flags & request_bit) != 0;
  x.wants_answer = (flags & two_way_bit) != 0;
  x.is_event = (flags & event_bit) != 0;
  x.encoding = static_cast<serialization>(flags & serialization_bits);
  x.status = cursor.u8();
  x.id = cursor.u64();
  x.length = cursor.u32();
  return cursor.good() ? std::optional{x} : std::nullopt;
}

bool is_lawful(const header& x, std::string_view bytes) {
  return bytes.starts_with(magic) && x.length <= body_bytes_max;
}

} // namespace troupe::l7::dubbo
