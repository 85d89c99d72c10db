// SPDX-License-Identifier: Apache-2.0

#include "actors/exporter/label_value.hpp"

#include "actors/text/utf8.hpp"

#include <algorithm>

namespace troupe {

namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD"; // U+FFFD

bool is_plain(unsigned char c) {
  return c >= 0x20 && c < 0x7f && c != '\\' && c != '"';
}

/// A terminal obeys it: C1 controls, line separators, changes of direction.
bool is_obeyed(char32_t c) {
  return (c >= 0x80 && c <= 0x9f) || (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
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
  if (const auto point = decode_utf8(rest, 0); c >= 0x80 && point.valid) {
    const auto text = is_obeyed(point.value) ? replacement : rest.substr(0, point.size);
    return {point.size, text, text};
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
