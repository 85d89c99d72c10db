// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe {

struct table_column {
  std::string header;
  bool right_aligned = false;
  size_t width = 0; ///< at least so wide, if there is room
};

/// The widths that columns of these natural widths get in `available` terminal columns, two blanks
/// between each: the widest give way first, none below its part of a very narrow terminal.
[[nodiscard]] std::vector<size_t> fit_widths(std::vector<size_t> natural, size_t available);

/// Lays cells out as one line with its newline. Cells are escaped here; in a terminal each is cut
/// to its width and the line to the terminal's, else a cell may push the rest to the right. The
/// last column is never padded.
[[nodiscard]] std::string layout_line(const std::vector<table_column>& columns,
                                      const std::vector<size_t>& widths,
                                      const std::vector<std::string>& cells,
                                      std::optional<unsigned> terminal);

/// A table whose rows are all known before it is printed.
class table {
public:
  explicit table(std::vector<table_column> columns) : columns_(std::move(columns)) {}

  /// As many cells as there are columns, raw.
  void add(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }

  [[nodiscard]] bool empty() const { return rows_.empty(); }

  /// `terminal` columns wide at most; without it nothing is cut.
  [[nodiscard]] std::string render(std::optional<unsigned> terminal, bool headers) const;

private:
  std::vector<table_column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

} // namespace troupe
