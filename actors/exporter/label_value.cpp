// SPDX-License-Identifier: Apache-2.0

#include "actors/exporter/label_value.hpp"

#include <algorithm>
#include <cstdint>

namespace troupe {

namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD"; // U+FFFD

bool is_plain(unsigned char c) {
  return c >= 0x20 && c < 0x7f && c != '\\' && c != '"';
}

bool is_continuation(unsigned char c) {
  return (c & 0xc0) == 0x80;
}

/// Bytes of the well-formed sequence that `text` begins with, 0 when it is ill-formed.
/// The Unicode Standard, table 3-7: no overlong forms, no surrogates, nothing above U+10FFFF.
size_t multibyte_size(std::string_view text) {
  const auto byte = [&](size_t i) {
    return static_cast<unsigned char>(text[i]);
  };
  const auto first = byte(0);
  const size_t size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || text.size() < size)
    return 0;
  for (size_t i = 1; i < size; ++i)
    if (!is_continuation(byte(i)))
      return 0;
  const auto second = byte(1);
  const bool ill_formed = (first == 0xe0 && second < 0xa0) || (first == 0xed && second > 0x9f)
                          || (first == 0xf0 && second < 0x90) || (first == 0xf4 && second > 0x8f);
  return ill_formed ? 0 : size;
}

/// Well-formed, but a terminal obeys it: C1 controls, line separators, changes of direction.
bool is_obeyed(std::string_view character) {
  const auto lies_in = [character](std::string_view first, std::string_view last) {
    return character.size() == first.size() && character >= first && character <= last;
  };
  return lies_in("\xC2\x80", "\xC2\x9F") || lies_in("\xE2\x80\xA8", "\xE2\x80\xAE")
         || lies_in("\xE2\x81\xA6", "\xE2\x81\xA9");
}

/// What one character, or one bad byte, becomes.
struct character {
  size_t consumed;
  std::string_view text;  ///< as it counts against the bound
  std::string_view shown; ///< escaped
};

character next_character(std::string_view rest) {
  const auto c = static_cast<unsigned char>(rest.front());
  const auto one = rest.substr(0, 1);
  switch (c) {
    case '\\':
      return {1, one, "\\\\"};
    case '"':
      return {1, one, "\\\""};
    case '\n':
      return {1, one, "\\n"};
    case '\t':
      return {1, one, one};
    default:
      break;
  }
  if (is_plain(c))
    return {1, one, one};
  if (const auto size = c < 0x80 ? 0 : multibyte_size(rest); size > 0) {
    const auto text = is_obeyed(rest.substr(0, size)) ? replacement : rest.substr(0, size);
    return {size, text, text};
  }
  return {1, replacement, replacement};
}

} // namespace

void append_label_value(std::string& out, std::string_view value) {
  const auto plain =
      static_cast<size_t>(std::find_if_not(value.begin(), value.end(), is_plain) - value.begin());
  auto room = label_value_max;
  const auto direct = std::min(plain, room); // Nearly always all of it.
  out.append(value.substr(0, direct));
  value.remove_prefix(direct);
  room -= direct;
  while (!value.empty()) {
    const auto next = next_character(value);
    if (next.text.size() > room)
      return;
    out.append(next.shown);
    room -= next.text.size();
    value.remove_prefix(next.consumed);
  }
}

void append_label(std::string& out, std::string_view name, std::string_view value) {
  if (!out.empty())
    out += ',';
  out.append(name);
  out.append("=\"");
  append_label_value(out, value);
  out += '"';
}

} // namespace troupe
