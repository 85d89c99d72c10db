// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace troupe::l7::memcached {

/// A line as words.
struct text_line {
  static constexpr size_t words_max = 24;
  std::array<std::string_view, words_max> words; ///< the first ones
  size_t count = 0;                              ///< of those
  std::string_view last;                         ///< the last one of all
  std::string_view text;                         ///< without its end
  size_t length = 0;                             ///< with its end

  [[nodiscard]] std::string_view word(size_t i) const {
    return i < count ? words[i] : std::string_view{};
  }
};

/// Nothing where its end is not there.
std::optional<text_line> read_line(std::string_view bytes);

/// Nothing where it is not a number of at most 1 GB.
std::optional<uint64_t> read_length(std::string_view word);

inline constexpr size_t binary_header_bytes = 24;
inline constexpr char binary_request = '\x80';
inline constexpr char binary_response = '\x81';

struct binary_header {
  uint8_t opcode = 0;
  uint16_t key_bytes = 0;
  uint8_t extra_bytes = 0; ///< before the key
  uint16_t status = 0;     ///< of an answer
  uint32_t body_bytes = 0; ///< extras, key and value
  uint32_t opaque = 0;

  [[nodiscard]] uint64_t length() const { return binary_header_bytes + uint64_t{body_bytes}; }
};

/// There must be as many bytes as it has; nothing where they make no sense as one.
std::optional<binary_header> read_binary(std::string_view bytes);

} // namespace troupe::l7::memcached
