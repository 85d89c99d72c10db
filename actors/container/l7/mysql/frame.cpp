// SPDX-License-Identifier: Apache-2.0
#include "actors/container/l7/mysql/frame.hpp"

namespace troupe::l7::mysql {

uint64_t read_uint(std::string_view bytes, size_t at, size_t size) {
  uint64_t result = 0;
  for (size_t i = 0; i < size && at + i < bytes.size(); ++i)
    result |= uint64_t{static_cast<uint8_t>(bytes[at + i])} << (8 * i);
  return result;
}

std::optional<packet_header> read_header(std::string_view bytes) {
  if (bytes.size() < header_bytes)
    return std::nullopt;
  return packet_header{static_cast<uint32_t>(read_uint(bytes, 0, 3)),
                       static_cast<uint8_t>(bytes[3])};
}

std::optional<uint64_t> take_lenenc(std::string_view& bytes) {
  if (bytes.empty())
    return std::nullopt;
  const auto first = static_cast<uint8_t>(bytes[0]);
  if (first == 0xfb || first == 0xff) // NULL, and an error.
    return std::nullopt;
  const size_t more = first < 0xfb ? 0 : first == 0xfc ? 2 : first == 0xfd ? 3 : 8;
  if (bytes.size() < 1 + more)
    return std::nullopt;
  const auto value = more == 0 ? first : read_uint(bytes, 1, more);
  bytes.remove_prefix(1 + more);
  return value;
}

} // namespace troupe::l7::mysql
