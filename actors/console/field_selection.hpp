// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/console/field.hpp"

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe {

/// How rows are shown.
struct output_options {
  output_format format = output_format::columns;
  std::vector<size_t> fields;  ///< indexes into the table of the rows' fields
  bool fields_by_name = false; ///< --fields was given: none is left out of a narrow terminal
  bool headers = true;

  [[nodiscard]] bool is_structured() const {
    return format == output_format::json || format == output_format::yaml;
  }
};

/// Which fields are shown, in order: indexes into `fields`. `request` is what --fields got: empty
/// (the format's own choice), "a,b" (these) or "+a,-b" (the format's own choice, changed).
/// Nothing, and what is wrong in `error`, when it names an unknown field or mixes the two forms.
[[nodiscard]] std::optional<std::vector<size_t>>
select_fields(const std::vector<field_info>& fields, std::string_view request, output_format format,
              std::string& error);

/// What --list prints: each field's name, where it is shown and what it means.
[[nodiscard]] std::string describe_fields(const std::vector<field_info>& fields);

/// One table of fields from its parts.
template <class Row>
[[nodiscard]] std::vector<field<Row>>
joined_fields(std::initializer_list<std::vector<field<Row>>> parts) {
  std::vector<field<Row>> all;
  for (const auto& part : parts)
    all.insert(all.end(), part.begin(), part.end());
  return all;
}

template <class Row>
[[nodiscard]] std::vector<field_info> infos_of(const std::vector<field<Row>>& fields) {
  std::vector<field_info> infos;
  infos.reserve(fields.size());
  for (const auto& x : fields)
    infos.push_back(x.info);
  return infos;
}

} // namespace troupe
