// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace troupe {

/// Longest label value in bytes, before escaping; the rest is cut off between two characters.
inline constexpr size_t label_value_max = 512;

/// Appends `value` as it may stand between the quotes of a label: backslash, quote and newline
/// escaped; bytes that are not UTF-8, and control characters that parsers stumble over (NUL ends
/// Prometheus' lexer), each replaced with U+FFFD.
void append_label_value(std::string& out, std::string_view value);

/// Appends `name="value"`, and a comma first where `out` does not begin with it.
void append_label(std::string& out, std::string_view name, std::string_view value);

} // namespace troupe
