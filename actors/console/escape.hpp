// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/text/utf8.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace troupe {

/// True for what may not reach a terminal as it is: control characters (C0, DEL, C1), and format
/// characters that hide or reorder what stands beside them (bidi overrides, zero-width, BOM).
[[nodiscard]] bool is_hostile(char32_t c);

/// Columns of a terminal that a harmless code point takes: 0 (combining), 1 or 2 (East Asian wide).
[[nodiscard]] unsigned display_width(char32_t c);

/// Columns of a terminal that an escaped text takes.
[[nodiscard]] size_t display_width(std::string_view text);

/// The text with all that is hostile made visible: `\n`, `\t`, `\x1b`, `\u{202e}`, `\xff` for a
/// byte that is no UTF-8. A backslash itself stays: the result is for eyes, not for parsers.
[[nodiscard]] std::string escape_for_terminal(std::string_view text);

/// The longest front of an escaped text that fits `columns`; with "…" at its end if it was cut.
[[nodiscard]] std::string cut_to_width(std::string_view text, size_t columns);

} // namespace troupe
