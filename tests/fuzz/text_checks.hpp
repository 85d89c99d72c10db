// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/console/escape.hpp"
#include "tests/fuzz/expect.hpp"

namespace troupe::fuzz {

/// Valid UTF-8 without control characters but those that are named.
inline void check_text(std::string_view text, std::string_view allowed) {
  for (size_t at = 0; at < text.size();) {
    const auto c = decode_utf8(text, at);
    expect(c.valid, "the output is UTF-8");
    const bool control = c.value < 0x20 || (c.value >= 0x7f && c.value < 0xa0);
    expect(!control || (c.value < 0x20 && allowed.find(static_cast<char>(c.value)) != allowed.npos),
           "the output has no control characters");
    at += c.size;
  }
}

/// Bytes up to the quote that ends the label; npos when there is none.
inline size_t quoted_size(std::string_view text) {
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '"')
      return i;
    if (text[i] != '\\')
      continue;
    ++i;
    expect(i < text.size() && (text[i] == '\\' || text[i] == '"' || text[i] == 'n'),
           "only what Prometheus unescapes is escaped");
  }
  return text.npos;
}

} // namespace troupe::fuzz
