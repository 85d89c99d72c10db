// SPDX-License-Identifier: Apache-2.0
#pragma once

// How many bytes the values of a column take: all that is to be known of its type.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace troupe::l7::clickhouse {

struct column_type {
  enum class kind : uint8_t {
    fixed,           ///< `size` bytes a value
    text,            ///< a length and as many bytes a value
    nullable,        ///< a byte a value, then the values of the one inner type
    array,           ///< ends of the rows, then the values of the one inner type
    tuple,           ///< one inner type after the other
    low_cardinality, ///< a dictionary of the inner type, and indexes into it
  };
  kind is = kind::fixed;
  uint64_t size = 0;
  std::vector<column_type> inner;

  /// Of it and all within: each has 8 bytes before the values of the column.
  [[nodiscard]] uint64_t dictionaries() const;
};

/// Nothing where the values of this type cannot be told apart: JSON, states of aggregations, ...
std::optional<column_type> read_column_type(std::string_view name);

} // namespace troupe::l7::clickhouse
