// SPDX-License-Identifier: Apache-2.0
#include "actors/console/table.hpp"

#include "actors/console/escape.hpp"

#include <algorithm>
#include <numeric>

namespace troupe {

namespace {

constexpr size_t gap = 2; ///< blanks between two columns

/// Below this a text says nothing: "/k8s/shop/w…".
constexpr size_t narrowest_text = 12;

/// What the last column of a table asks for at most.
constexpr size_t last_text_width = 24;

size_t least_width(const table_column& column) {
  if (column.right_aligned || column.width <= narrowest_text)
    return column.width;
  return std::max({column.width / 2, narrowest_text, column.header.size()});
}

} // namespace

std::vector<table_column> columns_of(const std::vector<field_info>& fields,
                                     const output_options& output) {
  std::vector<table_column> columns;
  for (const auto i : output.fields) {
    const auto& x = fields[i];
    const auto rank = output.fields_by_name ? uint8_t{0} : x.rank;
    columns.push_back({std::string{x.header}, x.right_aligned, x.width, rank});
  }
  return columns;
}

table_layout::table_layout(std::vector<table_column> columns, std::optional<unsigned> terminal)
    : columns_(std::move(columns)), shown_(columns_.size()), terminal_(terminal) {
  std::iota(shown_.begin(), shown_.end(), size_t{0});
  for (auto& x : columns_)
    x.width = std::max(x.width, x.header.size());
  if (terminal_) {
    leave_out_columns(*terminal_);
    fit(*terminal_);
  }
}

void table_layout::leave_out_columns(size_t terminal) {
  for (;;) {
    size_t least = shown_.empty() ? 0 : gap * (shown_.size() - 1);
    for (const auto i : shown_)
      least += least_width(columns_[i]);
    const auto worst = std::max_element(shown_.begin(), shown_.end(), [this](size_t a, size_t b) {
      return columns_[a].rank < columns_[b].rank;
    });
    if (least <= terminal || worst == shown_.end() || columns_[*worst].rank == 0)
      return;
    shown_.erase(worst);
  }
}

void table_layout::fit(size_t terminal) {
  if (shown_.empty())
    return;
  std::vector<size_t> least;
  for (const auto& x : columns_)
    least.push_back(least_width(x));
  size_t used = gap * (shown_.size() - 1);
  for (const auto i : shown_)
    used += columns_[i].width;
  for (; used > terminal; --used) {
    // The widest of those that can give way; when none can, the widest of all.
    const auto less = [&](size_t a, size_t b) {
      return std::pair{columns_[a].width > least[a], columns_[a].width}
             < std::pair{columns_[b].width > least[b], columns_[b].width};
    };
    auto& widest = columns_[*std::max_element(shown_.begin(), shown_.end(), less)];
    if (widest.width <= 1)
      return; // More columns than the terminal has places: the line is cut.
    --widest.width;
  }
  // The last column takes what the others leave: arguments and errors stand there.
  if (!columns_[shown_.back()].right_aligned)
    columns_[shown_.back()].width += terminal - used;
}

std::string table_layout::header() const {
  std::vector<std::string> names;
  for (const auto& column : columns_)
    names.push_back(column.header);
  return line(names);
}

std::string table_layout::line(const std::vector<std::string>& cells) const {
  std::string line;
  for (const auto i : shown_) {
    const auto& column = columns_[i];
    auto cell = escape_for_terminal(cells[i]);
    if (terminal_)
      cell = cut_to_width(cell, column.width);
    const auto used = display_width(cell);
    const auto padding = std::string(column.width > used ? column.width - used : 0, ' ');
    line += column.right_aligned ? padding + cell : cell + padding;
    line.append(gap, ' ');
  }
  while (!line.empty() && line.back() == ' ')
    line.pop_back();
  if (terminal_)
    line = cut_to_width(line, *terminal_);
  return line + '\n';
}

std::string table::render(std::optional<unsigned> terminal, bool headers) const {
  auto columns = columns_;
  for (size_t i = 0; i < columns.size(); ++i) {
    if (!headers)
      columns[i].header.clear();
    for (const auto& row : rows_)
      columns[i].width = std::max(columns[i].width, display_width(escape_for_terminal(row[i])));
  }
  // The last column gets what the others leave: a long command line must not cost them their place.
  if (terminal && !columns.empty() && !columns.back().right_aligned)
    columns.back().width = std::min(columns.back().width, last_text_width);
  const table_layout layout{std::move(columns), terminal};
  auto text = headers ? layout.header() : std::string{};
  for (const auto& row : rows_)
    text += layout.line(row);
  return text;
}

} // namespace troupe
