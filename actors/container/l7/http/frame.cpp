// SPDX-License-Identifier: Apache-2.0
#include "actors/container/l7/http/frame.hpp"

namespace troupe::l7::http {

namespace {

// Of a chunk's line with its extensions. Nobody needs more.
constexpr size_t chunk_line_max = 1024;
// 2^60 bytes are enough for a chunk, and lengths can be added without care.
constexpr size_t chunk_digits_max = 15;

int hex_value(char c) {
  if (c >= '0' && c <= '9')
    return c - '0';
  if (c >= 'a' && c <= 'f')
    return c - 'a' + 10;
  if (c >= 'A' && c <= 'F')
    return c - 'A' + 10;
  return -1;
}

} // namespace

std::optional<size_t> head_length(std::string_view bytes, size_t& searched) {
  for (auto end = bytes.find('\n', searched); end != std::string_view::npos;
       end = bytes.find('\n', end + 1)) {
    searched = end; // Whether the next line is empty may be told by bytes to come.
    const auto next = bytes.substr(end + 1, 2);
    if (!next.empty() && next[0] == '\n')
      return end + 2;
    if (next == "\r\n")
      return end + 3;
  }
  return std::nullopt;
}

framing read_chunk_line(std::string_view bytes, chunk_line& line) {
  line = {};
  size_t digits = 0;
  for (; digits < bytes.size() && hex_value(bytes[digits]) >= 0; ++digits) {
    if (digits == chunk_digits_max)
      return framing::invalid;
    line.data = line.data * 16 + static_cast<uint64_t>(hex_value(bytes[digits]));
  }
  if (digits == bytes.size())
    return framing::need_more;
  const char behind = bytes[digits];
  if (digits == 0 || (behind != '\r' && behind != '\n' && behind != ';' && behind != ' '))
    return framing::invalid;
  const auto end = bytes.substr(0, chunk_line_max).find('\n', digits);
  if (end == std::string_view::npos)
    return bytes.size() < chunk_line_max ? framing::need_more : framing::invalid;
  line.length = end + 1;
  return framing::whole;
}

framing read_trailer_line(std::string_view bytes, trailer_line& line) {
  const auto end = bytes.find('\n');
  if (end == std::string_view::npos)
    return framing::need_more;
  line.length = end + 1;
  line.last = end == 0 || (end == 1 && bytes[0] == '\r');
  return framing::whole;
}

} // namespace troupe::l7::http
