// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/container/l7/byte_cursor.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

namespace troupe::l7::mongo {

/// One element of a BSON document.
struct bson_element {
  uint8_t type = 0;
  std::string_view name;
  std::string_view value; ///< as it is encoded; of documents perhaps only the beginning

  [[nodiscard]] bool is_document() const { return type == 0x03 || type == 0x04; }
  /// Empty where it is no string.
  [[nodiscard]] std::string_view text() const;
  /// A number or a truth value; nothing where it is neither.
  [[nodiscard]] std::optional<double> number() const;
};

/// The elements of a document of which perhaps only the beginning is here.
class bson_reader {
public:
  explicit bson_reader(std::string_view document);

  /// Nothing at the document's end, or at that of what is here. The last element may be cut.
  std::optional<bson_element> next();

  /// All elements were read.
  [[nodiscard]] bool is_whole() const { return is_whole_; }

private:
  byte_cursor cursor_;
  bool is_whole_ = false;
};

} // namespace troupe::l7::mongo
