// SPDX-License-Identifier: Apache-2.0
#include "actors/console/table.hpp"

#include "actors/console/escape.hpp"

#include <algorithm>
#include <numeric>

namespace troupe {

namespace {

constexpr size_t gap = 2; ///< blanks between two columns

std::vector<std::string> headers_of(const std::vector<table_column>& columns) {
  std::vector<std::string> headers;
  for (const auto& column : columns)
    headers.push_back(column.header);
  return headers;
}

} // namespace

std::vector<size_t> fit_widths(std::vector<size_t> natural, size_t available) {
  if (natural.empty())
    return natural;
  const auto gaps = gap * (natural.size() - 1);
  const auto room = available > gaps ? available - gaps : 0;
  auto total = std::accumulate(natural.begin(), natural.end(), size_t{0});
  while (total > room) {
    const auto widest = std::max_element(natural.begin(), natural.end());
    if (*widest <= 1)
      break; // More columns than the terminal has places: the line is cut.
    --*widest;
    --total;
  }
  return natural;
}

std::string layout_line(const std::vector<table_column>& columns, const std::vector<size_t>& widths,
                        const std::vector<std::string>& cells, std::optional<unsigned> terminal) {
  std::string line;
  for (size_t i = 0; i < columns.size(); ++i) {
    auto cell = escape_for_terminal(cells[i]);
    if (terminal)
      cell = cut_to_width(cell, widths[i]);
    const auto used = display_width(cell);
    const auto padding = std::string(widths[i] > used ? widths[i] - used : 0, ' ');
    if (columns[i].right_aligned)
      line += padding;
    line += cell;
    if (i + 1 == columns.size())
      break;
    if (!columns[i].right_aligned)
      line += padding;
    line.append(gap, ' ');
  }
  while (!line.empty() && line.back() == ' ')
    line.pop_back();
  if (terminal)
    line = cut_to_width(line, *terminal);
  line += '\n';
  return line;
}

std::string table::render(std::optional<unsigned> terminal, bool headers) const {
  std::vector<size_t> widths;
  for (size_t i = 0; i < columns_.size(); ++i) {
    auto width = std::max(columns_[i].width, headers ? columns_[i].header.size() : size_t{0});
    for (const auto& row : rows_)
      width = std::max(width, display_width(escape_for_terminal(row[i])));
    widths.push_back(width);
  }
  if (terminal)
    widths = fit_widths(std::move(widths), *terminal);
  std::string text;
  if (headers)
    text += layout_line(columns_, widths, headers_of(columns_), terminal);
  for (const auto& row : rows_)
    text += layout_line(columns_, widths, row, terminal);
  return text;
}

} // namespace troupe
