// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/console/field_selection.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace troupe {

struct table_column {
  std::string header;
  bool right_aligned = false;
  size_t width = 0; ///< at least so wide, if there is room
  uint8_t rank = 0; ///< left out of a narrow terminal, the highest first; 0: never
};

/// The columns of the chosen fields.
[[nodiscard]] std::vector<table_column> columns_of(const std::vector<field_info>& fields,
                                                   const output_options& output);

/// Where each column stands, when the widths are known. Without a terminal nothing is cut: a cell
/// that is too wide pushes the rest to the right. In a terminal no line is wider than it: numbers
/// keep their width, texts give way to half of theirs, then columns are left out by rank, and where
/// none may be, all give way and the line is cut.
class table_layout {
public:
  table_layout(std::vector<table_column> columns, std::optional<unsigned> terminal);

  [[nodiscard]] std::string header() const;
  /// One line with its newline. Cells are raw, one for each column, also for those left out.
  [[nodiscard]] std::string line(const std::vector<std::string>& cells) const;

private:
  void leave_out_columns(size_t terminal);
  void fit(size_t terminal);

  std::vector<table_column> columns_;
  std::vector<size_t> shown_; ///< indexes into columns_
  std::optional<unsigned> terminal_;
};

/// A table whose rows are all known before it is printed.
class table {
public:
  explicit table(std::vector<table_column> columns) : columns_(std::move(columns)) {}

  /// As many cells as there are columns, raw.
  void add(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }

  /// `terminal` columns wide at most; without it nothing is cut.
  [[nodiscard]] std::string render(std::optional<unsigned> terminal, bool headers) const;

private:
  std::vector<table_column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

} // namespace troupe
