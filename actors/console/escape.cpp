// SPDX-License-Identifier: Apache-2.0
#include "actors/console/escape.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

namespace troupe {

namespace {

using code_range = std::pair<char32_t, char32_t>;

// Unicode general category Cf and the separators that end a line, as far as terminals act on them.
constexpr std::array<code_range, 11> hostile_ranges{{
    {0x00, 0x1f},
    {0x7f, 0x9f},
    {0xad, 0xad},
    {0x61c, 0x61c},
    {0x180e, 0x180e},
    {0x200b, 0x200f},
    {0x2028, 0x202e},
    {0x2060, 0x206f},
    {0xfeff, 0xfeff},
    {0xfff9, 0xfffb},
    {0xe0000, 0xe0fff},
}};

// Marks that take no column of their own.
constexpr std::array<code_range, 13> combining_ranges{{
    {0x300, 0x36f},
    {0x483, 0x489},
    {0x591, 0x5bd},
    {0x610, 0x61a},
    {0x64b, 0x65f},
    {0x900, 0x902},
    {0xe34, 0xe3a},
    {0xe47, 0xe4e},
    {0x1ab0, 0x1aff},
    {0x1dc0, 0x1dff},
    {0x20d0, 0x20ff},
    {0xfe00, 0xfe0f},
    {0xfe20, 0xfe2f},
}};

// East Asian Width W and F (UAX #11), emoji included.
constexpr std::array<code_range, 9> wide_ranges{{
    {0x1100, 0x115f},
    {0x2e80, 0x303e},
    {0x3041, 0xa4cf},
    {0xac00, 0xd7a3},
    {0xf900, 0xfaff},
    {0xfe30, 0xfe6f},
    {0xff00, 0xff60},
    {0x1f300, 0x1faff},
    {0x20000, 0x3fffd},
}};

template <size_t N>
bool contains(const std::array<code_range, N>& ranges, char32_t c) {
  return std::any_of(ranges.begin(), ranges.end(),
                     [c](const code_range& r) { return c >= r.first && c <= r.second; });
}

void append_hostile(std::string& out, char32_t c) {
  switch (c) {
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      break;
  }
  auto sink = std::back_inserter(out);
  if (c < 0x80)
    fmt::format_to(sink, "\\x{:02x}", uint32_t{c});
  else
    fmt::format_to(sink, "\\u{{{:x}}}", uint32_t{c});
}

} // namespace

bool is_hostile(char32_t c) {
  return contains(hostile_ranges, c);
}

unsigned display_width(char32_t c) {
  if (c < 0x300)
    return 1;
  if (contains(combining_ranges, c))
    return 0;
  return contains(wide_ranges, c) ? 2 : 1;
}

size_t display_width(std::string_view text) {
  size_t columns = 0;
  for (size_t at = 0; at < text.size();) {
    const auto c = decode_utf8(text, at);
    columns += c.valid ? display_width(c.value) : 1;
    at += c.size;
  }
  return columns;
}

std::string escape_for_terminal(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t at = 0; at < text.size();) {
    const auto c = decode_utf8(text, at);
    if (!c.valid)
      fmt::format_to(std::back_inserter(out), "\\x{:02x}", uint32_t{c.value});
    else if (is_hostile(c.value))
      append_hostile(out, c.value);
    else
      out += text.substr(at, c.size);
    at += c.size;
  }
  return out;
}

std::string cut_to_width(std::string_view text, size_t columns) {
  size_t used = 0;
  size_t fits = 0; // Bytes that leave a column for the ellipsis.
  for (size_t at = 0; at < text.size();) {
    const auto c = decode_utf8(text, at);
    used += c.valid ? display_width(c.value) : 1;
    if (used > columns)
      return columns == 0 ? std::string{} : std::string{text.substr(0, fits)} + "…";
    at += c.size;
    if (used < columns)
      fits = at;
  }
  return std::string{text};
}

} // namespace troupe
