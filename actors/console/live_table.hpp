// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/console/output.hpp"
#include "actors/console/second_screen.hpp"

#include <cstddef>
#include <optional>
#include <string>

namespace troupe {

/// A table that is printed again and again.
class live_table {
public:
  /// `in_place`: on a terminal each takes the place of the one before it, and the last one stays to
  /// be read. Elsewhere they follow each other.
  live_table(int fd, bool in_place);

  /// Its columns; nothing where it is no terminal.
  [[nodiscard]] std::optional<unsigned> terminal() const { return terminal_; }
  /// Rows that it has room for below the headers; without end where none takes another's place.
  [[nodiscard]] size_t rows_max() const;

  /// The user's own screen is covered from here on.
  void begin();
  [[nodiscard]] write_result show(std::string text);
  /// `so_far` is how it went. Shows the last one on the user's own screen.
  [[nodiscard]] write_result end(write_result so_far);

private:
  int fd_;
  std::optional<unsigned> terminal_;
  std::optional<second_screen> screen_;
  std::string last_;
  bool live_;
};

} // namespace troupe
