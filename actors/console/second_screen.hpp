// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/console/output.hpp"

#include <cstddef>
#include <string_view>

namespace troupe {

/// Lines of the terminal behind `fd`, which is one.
[[nodiscard]] size_t terminal_height(int fd);

/// The terminal's second screen, without a cursor, until the end: whatever way that is reached, the
/// user's own screen is back.
class second_screen {
public:
  explicit second_screen(int fd);
  ~second_screen();
  second_screen(const second_screen&) = delete;
  second_screen& operator=(const second_screen&) = delete;

  /// In place of what it shows.
  [[nodiscard]] write_result show(std::string_view text) const;

private:
  int fd_;
};

} // namespace troupe
