// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace troupe::l7::redis {

enum class progress : uint8_t { done, need_more, invalid };

/// A line of RESP, with which each of its values begins: "$5\r\n", "+OK\r\n", "*-1\r\n".
struct resp_line {
  char type = 0;
  int64_t number = 0;    ///< length or count, -1 for null; of those types only that have one
  std::string_view text; ///< what is behind the type
  size_t length = 0;     ///< with type and CRLF
};

/// Types whose line has the length of bytes that follow, with a CRLF of their own: $ = !
bool is_bulk(char type);
/// Types whose line has a count of values that follow: * ~ > % |
bool is_aggregate(char type);

/// How many values an aggregate has: a map has two for each of its entries.
uint64_t values_of(const resp_line& aggregate);

/// Streamed values (a "?" for the length), which no server sends, are invalid.
progress read_line(std::string_view bytes, resp_line& line);

} // namespace troupe::l7::redis
