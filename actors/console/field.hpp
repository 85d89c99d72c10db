// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace troupe {

/// What `-o` takes.
enum class output_format : uint8_t { columns, wide, json, yaml };

/// Nothing (JSON null), or a value with the type that it has in JSON.
using field_value = std::variant<std::monostate, bool, int64_t, uint64_t, double, std::string,
                                 std::vector<std::string>, std::map<std::string, std::string>>;

/// Where a field is shown unless `--fields` says otherwise.
enum class shown : uint8_t {
  everywhere,
  wide,       ///< not in columns
  structured, ///< in JSON and YAML only
  on_request, ///< only by --fields
};

/// A field as people choose it; the same name in every format.
struct field_info {
  std::string_view name; ///< snake_case with its unit; also the JSON key
  std::string_view header;
  uint16_t width = 0; ///< columns in a live table, where the content is not known beforehand
  bool right_aligned = false;
  shown where = shown::everywhere;
  std::string_view meaning; ///< for --list
  uint8_t rank = 0;         ///< left out of a narrow terminal, the highest first; 0: never
};

/// A field of rows of one type. A row's fields are one table, which makes columns, JSON, YAML,
/// `--fields` and `--list`.
template <class Row>
struct field {
  field_info info;
  field_value (*value)(const Row&);
  /// What columns show where that is shorter than the value; nullptr: the value.
  std::string (*column)(const Row&) = nullptr;
};

} // namespace troupe
