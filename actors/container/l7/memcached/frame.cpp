// SPDX-License-Identifier: Apache-2.0
#include "actors/container/l7/memcached/frame.hpp"

#include <algorithm>
#include <charconv>

namespace troupe::l7::memcached {

namespace {

constexpr uint64_t length_max = 1U << 30;

uint32_t read_uint(std::string_view bytes, size_t at, size_t size) {
  uint32_t result = 0;
  for (const char c : bytes.substr(at, size))
    result = result << 8 | static_cast<uint8_t>(c);
  return result;
}

} // namespace

std::optional<text_line> read_line(std::string_view bytes) {
  const auto end = bytes.find('\n');
  if (end == std::string_view::npos)
    return std::nullopt;
  text_line line;
  line.length = end + 1;
  line.text = bytes.substr(0, end > 0 && bytes[end - 1] == '\r' ? end - 1 : end);
  for (size_t at = 0; at < line.text.size();) {
    const auto begin = std::min(line.text.find_first_not_of(' ', at), line.text.size());
    at = std::min(line.text.find(' ', begin), line.text.size());
    if (at == begin)
      break;
    line.last = line.text.substr(begin, at - begin);
    if (line.count < text_line::words_max)
      line.words[line.count++] = line.last;
  }
  return line;
}

std::optional<uint64_t> read_length(std::string_view word) {
  uint64_t value = 0;
  const auto* end = word.data() + word.size();
  const auto [at, error] = std::from_chars(word.data(), end, value);
  if (word.empty() || error != std::errc{} || at != end || value > length_max)
    return std::nullopt;
  return value;
}

std::optional<binary_header> read_binary(std::string_view bytes) {
  constexpr uint8_t opcode_max = 0x24; // Those above it are of other servers.
  if (bytes.size() < binary_header_bytes)
    return std::nullopt;
  const binary_header head{
      static_cast<uint8_t>(bytes[1]), static_cast<uint16_t>(read_uint(bytes, 2, 2)),
      static_cast<uint8_t>(bytes[4]), static_cast<uint16_t>(read_uint(bytes, 6, 2)),
      read_uint(bytes, 8, 4),         read_uint(bytes, 12, 4)};
  const bool good = head.opcode <= opcode_max && bytes[5] == 0 && head.body_bytes <= length_max
                    && uint64_t{head.key_bytes} + head.extra_bytes <= head.body_bytes;
  return good ? std::optional{head} : std::nullopt;
}

} // namespace troupe::l7::memcached
