// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/console/inspect_fields.hpp"
#include "actors/console/row_output.hpp"
#include "actors/console/time_format.hpp"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace troupe {

template <class Row>
using row_fields = std::vector<field<Row>>;

template <class Row>
using known_rows = std::optional<std::vector<Row>>;

/// Makes rows of a report from their table of fields and from what an inspection has of them.
template <class Row, const row_fields<Row>& (*Fields)(), known_rows<Row> (*Rows)(const inspection&)>
struct rows_of_kind {
  static std::vector<field_info> infos() { return infos_of(Fields()); }

  static std::optional<std::vector<record>> records(const inspection& x) {
    const auto rows = Rows(x);
    if (!rows)
      return {};
    std::string none;
    const auto chosen = *select_fields(infos(), "", output_format::json, none);
    std::vector<record> result;
    for (const auto& row : *rows)
      result.push_back(make_record(Fields(), chosen, row));
    return result;
  }

  static std::string columns(const inspection& x, std::optional<unsigned> terminal, bool wide) {
    const auto rows = Rows(x);
    if (!rows || rows->empty())
      return {};
    output_options options;
    options.format = wide ? output_format::wide : output_format::columns;
    std::string none;
    options.fields = *select_fields(infos(), "", options.format, none);
    return render_columns(Fields(), *rows, options, terminal);
  }

  static nested_rows make(bool list) { return {infos, records, columns, list}; }
};

inline field_value optional_text(const std::string& text) {
  return text.empty() ? field_value{} : field_value{text};
}

inline field_value optional_number(const std::optional<uint64_t>& x) {
  return x ? field_value{*x} : field_value{};
}

inline std::optional<uint64_t> unless_zero(uint64_t x) {
  return x == 0 ? std::nullopt : std::optional{x};
}

} // namespace troupe
