// SPDX-License-Identifier: Apache-2.0
#pragma once

// Numbers as tests write them into messages.

#include <cstdint>
#include <string>

namespace troupe::l7 {

inline std::string little_endian(uint64_t x, unsigned bytes) {
  std::string result;
  for (unsigned i = 0; i < bytes; ++i)
    result += static_cast<char>(x >> (8 * i));
  return result;
}

inline std::string big_endian(uint64_t x, unsigned bytes) {
  const auto reversed = little_endian(x, bytes);
  return {reversed.rbegin(), reversed.rend()};
}

} // namespace troupe::l7
