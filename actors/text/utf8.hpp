// SPDX-License-Identifier: Apache-2.0
#pragma once

// Shared with: all
//
// What is UTF-8 is decided here and nowhere else: names come from anybody, and a label, a terminal
// and JSON must agree on where a character ends.

#include <cstddef>
#include <string_view>

namespace troupe {

/// One code point cut off the front of a text.
struct code_point {
  char32_t value = 0;
  size_t size = 0;    ///< bytes taken; 0 only at the end of the text
  bool valid = false; ///< false: `size` is 1 and the byte is no UTF-8 (overlong and surrogate too)
};

/// The code point at `text[at]`.
[[nodiscard]] code_point decode_utf8(std::string_view text, size_t at);

} // namespace troupe
