// SPDX-License-Identifier: Apache-2.0
#pragma once

// Rows that are all known before the first is printed, in the format that was asked for.

#include "actors/console/record_writer.hpp"
#include "actors/console/table.hpp"

#include <algorithm>
#include <cstddef>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace troupe {

/// The first `rows_max` rows as a table.
template <class Row>
[[nodiscard]] std::string render_columns(const std::vector<field<Row>>& fields,
                                         const std::vector<Row>& rows, const output_options& output,
                                         std::optional<unsigned> terminal,
                                         size_t rows_max = std::numeric_limits<size_t>::max()) {
  auto columns = columns_of(infos_of(fields), output);
  for (auto& x : columns)
    x.width = 0; // All rows are known: they say how wide.
  table lines{std::move(columns)};
  for (size_t i = 0; i < std::min(rows.size(), rows_max); ++i)
    lines.add(make_cells(fields, output.fields, rows[i]));
  return lines.render(terminal, output.headers);
}

/// The whole answer of a command: a table, a JSON array or a YAML sequence.
template <class Row>
[[nodiscard]] std::string render_rows(const std::vector<field<Row>>& fields,
                                      const std::vector<Row>& rows, const output_options& output,
                                      std::optional<unsigned> terminal) {
  if (!output.is_structured())
    return render_columns(fields, rows, output, terminal);
  std::vector<record> records;
  records.reserve(rows.size());
  for (const auto& row : rows)
    records.push_back(make_record(fields, output.fields, row));
  return output.format == output_format::json ? json_array(records) : yaml_sequence(records);
}

/// One answer of several, the first `rows_max` rows of it: a table, or for each row a line with a
/// JSON object or a YAML document.
template <class Row>
[[nodiscard]] std::string
render_documents(const std::vector<field<Row>>& fields, const std::vector<Row>& rows,
                 const output_options& output, std::optional<unsigned> terminal, size_t rows_max) {
  if (!output.is_structured())
    return render_columns(fields, rows, output, terminal, rows_max);
  std::string text;
  for (size_t i = 0; i < std::min(rows.size(), rows_max); ++i) {
    const auto one = make_record(fields, output.fields, rows[i]);
    if (output.format == output_format::yaml) {
      text += yaml_document(one);
    } else {
      append_json(text, one);
      text += '\n';
    }
  }
  return text;
}

} // namespace troupe
