// SPDX-License-Identifier: Apache-2.0
#include "actors/text/utf8.hpp"

#include <array>

namespace troupe {

code_point decode_utf8(std::string_view text, size_t at) {
  if (at >= text.size())
    return {};
  const auto byte = [&](size_t i) {
    return static_cast<unsigned char>(text[at + i]);
  };
  const auto lead = byte(0);
  if (lead < 0x80)
    return {lead, 1, true};
  const size_t size = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || text.size() - at < size)
    return {lead, 1, false};
  char32_t value = lead & (0x7fU >> size);
  for (size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xc0U) != 0x80)
      return {lead, 1, false};
    value = value << 6U | (byte(i) & 0x3fU);
  }
  constexpr std::array<char32_t, 5> smallest{0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = value >= 0xd800 && value <= 0xdfff;
  if (value < smallest[size] || value > 0x10ffff || surrogate)
    return {lead, 1, false};
  return {value, size, true};
}

} // namespace troupe
