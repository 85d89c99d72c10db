// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/console/field_selection.hpp"

#include <cstddef>
#include <numeric>
#include <string>
#include <vector>

namespace troupe {

/// Every field there is.
template <class Row>
output_options all_fields(const std::vector<field<Row>>& fields, output_format format) {
  output_options options;
  options.format = format;
  options.fields.resize(fields.size());
  std::iota(options.fields.begin(), options.fields.end(), size_t{0});
  return options;
}

/// What the format shows when nobody asks for other fields.
template <class Row>
output_options usual_fields(const std::vector<field<Row>>& fields,
                            output_format format = output_format::columns) {
  std::string error;
  output_options options;
  options.format = format;
  options.fields = select_fields(infos_of(fields), "", format, error).value();
  return options;
}

} // namespace troupe
