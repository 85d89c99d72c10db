// SPDX-License-Identifier: Apache-2.0
#pragma once

// Shared with: runtime_metadata

// What the files of /proc and cgroupfs are made of.

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace troupe {

/// The parts between separators, without the empty ones.
inline std::vector<std::string_view> split_text(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    const auto end = std::min(text.find(separator), text.size());
    if (end > 0)
      parts.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

/// All of the text is a decimal number that fits.
inline std::optional<uint64_t> parse_unsigned(std::string_view text) {
  uint64_t number = 0;
  const auto* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  return error == std::errc{} && rest == end && !text.empty() ? std::optional{number}
                                                              : std::nullopt;
}

} // namespace troupe
