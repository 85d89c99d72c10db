// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/console/record_writer.hpp"
#include "actors/console/table.hpp"

#include <string>
#include <vector>

namespace troupe {

/// Appends one row of a stream, in the format that was asked for.
template <class Row>
void append_row(std::string& out, const std::vector<field<Row>>& fields,
                const output_options& output, const table_layout& layout, const Row& row) {
  switch (output.format) {
    case output_format::json:
      append_json(out, make_record(fields, output.fields, row));
      out += '\n';
      return;
    case output_format::yaml:
      out += yaml_document(make_record(fields, output.fields, row));
      return;
    case output_format::columns:
    case output_format::wide:
      break;
  }
  out += layout.line(make_cells(fields, output.fields, row));
}

} // namespace troupe
