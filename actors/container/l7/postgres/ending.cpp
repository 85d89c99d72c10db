// SPDX-License-Identifier: Apache-2.0
#include "actors/container/l7/postgres/ending.hpp"

#include "actors/container/l7/postgres/frame.hpp"
#include "actors/container/l7/postgres/interpret.hpp"

#include <algorithm>
#include <cstdint>

namespace troupe::l7::postgres {

namespace {

constexpr size_t header_bytes = 5;
constexpr size_t tag_max = 64;

// "SELECT 100"
bool is_tag(std::string_view body) {
  std::string_view tag;
  return take_string(body, tag) && body.empty() && !tag.empty() && tag.size() <= tag_max
         && tag[0] >= 'A' && tag[0] <= 'Z'
         && std::all_of(tag.begin(), tag.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

// Of an error or a notice: strings, each with a letter that says what it is, and a zero.
bool are_fields(std::string_view body) {
  if (sqlstate_of(body).empty())
    return false;
  while (body.size() > 1) {
    const char field = body[0];
    std::string_view text;
    body.remove_prefix(1);
    if (field < 'A' || field > 'z' || !take_string(body, text))
      return false;
  }
  return body.size() == 1 && body[0] == '\0';
}

bool are_strings(std::string_view body, int count) {
  std::string_view text;
  for (; count > 0; --count)
    if (!take_string(body, text))
      return false;
  return body.empty();
}

// What may be between the last row and ReadyForQuery.
bool makes_sense(char type, std::string_view body) {
  switch (type) {
    case 'C':
      return is_tag(body);
    case 'E':
    case 'N':
      return are_fields(body);
    case 'S': // A setting has changed.
      return are_strings(body, 2);
    case 'A': // Somebody has notified.
      return body.size() > 4 && are_strings(body.substr(4), 2);
    case 'I': // The query was empty.
    case 's': // The client wanted no more rows.
    case '3': // A portal or statement is closed.
      return body.empty();
    default:
      return false;
  }
}

// Where the message begins with which the bytes end. None of them can begin within another: their
// strings have no two zeros in a row.
std::optional<size_t> begin_of_last(std::string_view bytes) {
  for (size_t length = header_bytes; length <= bytes.size(); ++length) {
    const auto message = bytes.substr(bytes.size() - length);
    if (read_uint32(message.substr(1)) + uint64_t{1} == length
        && makes_sense(message[0], message.substr(header_bytes)))
      return bytes.size() - length;
  }
  return std::nullopt;
}

} // namespace

bool ends_ready(std::string_view bytes) {
  if (bytes.size() < ready_bytes)
    return false;
  const auto last = bytes.substr(bytes.size() - ready_bytes);
  return last[0] == 'Z' && read_uint32(last.substr(1)) == ready_bytes - 1
         && std::string_view{"ITE"}.find(last[5]) != std::string_view::npos;
}

std::optional<ending> find_ending(std::string_view bytes) {
  if (!ends_ready(bytes))
    return std::nullopt;
  bytes.remove_suffix(ready_bytes);
  while (const auto at = begin_of_last(bytes)) {
    const char type = bytes[*at];
    if (type == 'E' || type == 'C' || type == 'I' || type == 's')
      return ending{*at, type == 'E'};
    bytes = bytes.substr(0, *at);
  }
  return std::nullopt;
}

} // namespace troupe::l7::postgres
