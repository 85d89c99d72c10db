// SPDX-License-Identifier: Apache-2.0
#pragma once

// Numbers and texts as bytes: little-endian, texts with a 32-bit length before them.

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace troupe {

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
              "recordings hold the kernel's own records");

class byte_writer {
public:
  explicit byte_writer(std::vector<std::byte>& to) : to_(to) {}

  template <class Number>
  requires std::is_arithmetic_v<Number> || std::is_enum_v<Number>
  void number(Number x) { append(&x, sizeof(x)); }

  void text(std::string_view x) {
    number(static_cast<uint32_t>(x.size()));
    append(x.data(), x.size());
  }

private:
  void append(const void* from, size_t size) {
    const auto* bytes = static_cast<const std::byte*>(from);
    to_.insert(to_.end(), bytes, bytes + size);
  }

  std::vector<std::byte>& to_;
};

/// Reads what byte_writer wrote. After the first read beyond the end ok() is false and every
/// further value is empty: check once, at the end.
class byte_reader {
public:
  explicit byte_reader(std::span<const std::byte> from) : from_(from) {}

  template <class Number>
  requires std::is_arithmetic_v<Number> || std::is_enum_v<Number> Number number() {
    Number x{};
    if (take(sizeof(x)))
      std::memcpy(&x, from_.data() + at_ - sizeof(x), sizeof(x));
    return x;
  }

  std::string text() {
    const auto size = number<uint32_t>();
    if (!take(size))
      return {};
    return {reinterpret_cast<const char*>(from_.data()) + at_ - size, size};
  }

  [[nodiscard]] bool ok() const { return ok_; }
  [[nodiscard]] size_t left() const { return from_.size() - at_; }

private:
  bool take(size_t size) {
    ok_ = ok_ && size <= left();
    at_ += ok_ ? size : 0;
    return ok_;
  }

  std::span<const std::byte> from_;
  size_t at_ = 0;
  bool ok_ = true;
};

} // namespace troupe
