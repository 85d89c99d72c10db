// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace troupe::l7 {

/// Reads the beginning of a message, number by number. What reaches beyond the bytes that are there
/// is 0 or empty, and from then on nothing is good().
class byte_cursor {
public:
  explicit byte_cursor(std::string_view bytes) : rest_(bytes) {}

  [[nodiscard]] bool good() const { return good_; }
  [[nodiscard]] std::string_view rest() const { return rest_; }

  uint8_t u8() { return static_cast<uint8_t>(big_endian(1)); }
  uint16_t u16() { return static_cast<uint16_t>(big_endian(2)); }
  uint32_t u32() { return static_cast<uint32_t>(big_endian(4)); }
  uint64_t u64() { return big_endian(8); }
  uint32_t u32_little() { return static_cast<uint32_t>(little_endian(4)); }
  uint64_t u64_little() { return little_endian(8); }

  std::string_view take(uint64_t size) {
    if (!good_ || size > rest_.size()) {
      good_ = false;
      rest_ = {};
      return {};
    }
    const auto result = rest_.substr(0, static_cast<size_t>(size));
    rest_.remove_prefix(result.size());
    return result;
  }

  void skip(uint64_t size) { static_cast<void>(take(size)); }

  /// As much of it as there is.
  std::string_view take_some(uint64_t size) {
    const auto result = take(std::min<uint64_t>(size, rest_.size()));
    good_ = good_ && result.size() == size;
    return result;
  }

  /// The bytes mean something else than what they are read as.
  void fail() { skip(UINT64_MAX); }

private:
  uint64_t big_endian(size_t size) {
    uint64_t result = 0;
    for (const char c : take(size))
      result = result << 8U | static_cast<uint8_t>(c);
    return result;
  }
  uint64_t little_endian(size_t size) {
    uint64_t result = 0;
    unsigned shift = 0;
    for (const char c : take(size)) {
      result |= uint64_t{static_cast<uint8_t>(c)} << shift;
      shift += 8;
    }
    return result;
  }

  std::string_view rest_;
  bool good_ = true;
};

} // namespace troupe::l7
