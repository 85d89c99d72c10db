// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/console/field.hpp"

#include <string>
#include <vector>

namespace troupe {

/// The chosen fields of one row, in the order of the choice.
struct record {
  std::vector<std::string_view> names;
  std::vector<field_value> values;
};

template <class Row>
[[nodiscard]] record make_record(const std::vector<field<Row>>& fields,
                                 const std::vector<size_t>& chosen, const Row& row) {
  record result;
  result.names.reserve(chosen.size());
  result.values.reserve(chosen.size());
  for (const auto i : chosen) {
    result.names.push_back(fields[i].info.name);
    result.values.push_back(fields[i].value(row));
  }
  return result;
}

/// A part of a report: one row, a list of rows, or one value.
struct section {
  std::string_view name;
  std::vector<record> rows;
  field_value value; ///< where there are no rows
  bool list = false; ///< `rows` is a list, however few
};

/// The text of a value in a column: "-" for nothing, arguments with blanks between, labels as
/// k=v,k=v.
[[nodiscard]] std::string column_text(const field_value& value);

template <class Row>
[[nodiscard]] std::vector<std::string> make_cells(const std::vector<field<Row>>& fields,
                                                  const std::vector<size_t>& chosen,
                                                  const Row& row) {
  std::vector<std::string> cells;
  cells.reserve(chosen.size());
  for (const auto i : chosen)
    cells.push_back(fields[i].column != nullptr ? fields[i].column(row)
                                                : column_text(fields[i].value(row)));
  return cells;
}

/// One JSON object, without a newline.
void append_json(std::string& out, const record& row);

/// Rows of a list: one JSON array, one object a line.
[[nodiscard]] std::string json_array(const std::vector<record>& rows);

/// Rows of a list: one YAML sequence.
[[nodiscard]] std::string yaml_sequence(const std::vector<record>& rows);

/// A report: one object with a member for each section.
[[nodiscard]] std::string json_sections(const std::vector<section>& sections);
[[nodiscard]] std::string yaml_sections(const std::vector<section>& sections);

/// Several reports: an array or a sequence of them.
[[nodiscard]] std::string json_reports(const std::vector<std::vector<section>>& reports);
[[nodiscard]] std::string yaml_reports(const std::vector<std::vector<section>>& reports);

/// An event of a stream: one YAML document, begun with ---.
[[nodiscard]] std::string yaml_document(const record& row);

} // namespace troupe
