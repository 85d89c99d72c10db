// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace troupe::l7::foundationdb {

/// A table of FoundationDB's messages, which are flat buffers: its fields are found through a list
/// of places, by their number in the type. What was not captured is not there.
class flat_table {
public:
  /// The outermost one of a message, which has one field: the message itself.
  static std::optional<flat_table> root(std::string_view message);

  [[nodiscard]] size_t fields() const { return fields_; }
  [[nodiscard]] size_t bytes() const { return bytes_; } ///< of it, without what it refers to

  /// A field that refers to a table.
  [[nodiscard]] std::optional<flat_table> table(size_t field) const;
  [[nodiscard]] std::optional<uint8_t> number8(size_t field) const;
  [[nodiscard]] std::optional<uint16_t> number16(size_t field) const;
  /// Bytes of a field that is in the table itself.
  [[nodiscard]] std::string_view inlined(size_t field, size_t size) const;

private:
  static std::optional<flat_table> at(std::string_view message, uint64_t begin);
  [[nodiscard]] uint64_t numbered(size_t field, size_t size, uint64_t otherwise) const;

  std::string_view message_;
  size_t begin_ = 0;
  size_t places_ = 0;
  size_t fields_ = 0;
  size_t bytes_ = 0;
};

} // namespace troupe::l7::foundationdb
