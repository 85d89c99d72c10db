// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/container/l7/foundationdb/frame.hpp"
#include "messages/l7.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace troupe::l7::foundationdb {

/// Where a request may be answered to. Which field it is depends on its type: a field that looks
/// the same, an id for debugging, is one, too.
struct answer_tokens {
  static constexpr size_t most = 3;

  std::array<token, most> tokens;
  size_t count = 0;

  [[nodiscard]] bool has(const token& x) const;
};

answer_tokens find_answer_tokens(std::string_view message);

/// "GetValue"; of types that are not known their number: "#8454530".
void tell_request(uint32_t type, l7_exchange& told);

/// Whether a type is one of those with a name.
bool is_known_request(uint32_t type);

/// Outcome and error code.
void tell_answer(const packet& answer, l7_exchange& told);

/// Which endpoint it is that the other end says not to have.
token missing_endpoint(std::string_view message);

} // namespace troupe::l7::foundationdb
