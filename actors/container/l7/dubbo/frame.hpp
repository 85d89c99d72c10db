// SPDX-License-Identifier: Apache-2.0
#pragma once

// Dubbo's own protocol ("dubbo2"): a header of 16 bytes, and a body in one of several
// serializations.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace troupe::l7::dubbo {

inline constexpr std::string_view magic{"\xda\xbb", 2};
inline constexpr size_t header_bytes = 16;

enum class serialization : uint8_t { hessian2 = 2, fastjson = 6 };

struct header {
  bool is_request = false;
  bool wants_answer = false;
  bool is_event = false; ///< a heartbeat, or the server is about to go
  serialization encoding = serialization::hessian2;
  uint8_t status = 0; ///< of an answer
  uint64_t id = 0;
  uint32_t length = 0; ///< of the body

  [[nodiscard]] uint64_t size() const { return header_bytes + uint64_t{length}; }
};

/// Nothing where there are fewer bytes than a header has.
std::optional<header> read_header(std::string_view bytes);

/// It begins with the magic number, and has a length that a message may have.
bool is_lawful(const header& x, std::string_view bytes);

} // namespace troupe::l7::dubbo
