// SPDX-License-Identifier: Apache-2.0
#include "actors/container/l7/http/classify.hpp"

#include <algorithm>
#include <cstddef>

namespace troupe::l7::http {

namespace {

// RFC 9110 allows more; whoever names a method uses these. The longest that is registered has 16.
constexpr size_t method_max = 24;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_method_char(char c) {
  return (c >= 'A' && c <= 'Z') || is_digit(c) || c == '-' || c == '_';
}

// "/path", "*", "http://host/path", "host:port", "[::1]:port".
bool is_target_start(char c) {
  return c == '/' || c == '*' || c == '[' || is_digit(c) || (c >= 'a' && c <= 'z')
         || (c >= 'A' && c <= 'Z');
}

// Raw UTF-8 is not allowed in a target, and common.
bool is_target_char(char c) {
  return static_cast<unsigned char>(c) > ' ' && c != 0x7f;
}

match begins_with_version(std::string_view bytes) {
  constexpr std::string_view version = "HTTP/1.";
  const auto there = std::min(bytes.size(), version.size());
  if (bytes.substr(0, there) != version.substr(0, there))
    return match::no;
  if (bytes.size() <= version.size())
    return match::perhaps;
  const char minor = bytes[version.size()];
  return minor == '0' || minor == '1' ? match::yes : match::no;
}

} // namespace

match begins_request(std::string_view bytes) {
  const auto method = static_cast<size_t>(
      std::find_if_not(bytes.begin(), bytes.end(), is_method_char) - bytes.begin());
  if (method > method_max || (!bytes.empty() && !(bytes[0] >= 'A' && bytes[0] <= 'Z')))
    return match::no;
  if (method == bytes.size())
    return match::perhaps;
  if (bytes[method] != ' ')
    return match::no;
  bytes.remove_prefix(method + 1);
  if (bytes.empty())
    return match::perhaps;
  if (!is_target_start(bytes[0]))
    return match::no;
  const auto end = std::find_if_not(bytes.begin(), bytes.end(), is_target_char);
  if (end == bytes.end())
    return match::perhaps;
  if (*end != ' ')
    return match::no;
  return begins_with_version(bytes.substr(static_cast<size_t>(end - bytes.begin()) + 1));
}

match begins_answer(std::string_view bytes) {
  constexpr size_t code = sizeof "HTTP/1.1 " - 1;
  if (const auto version = begins_with_version(bytes); version != match::yes)
    return version;
  for (size_t i = code - 1; i < std::min(bytes.size(), code + 4); ++i) {
    const char c = bytes[i];
    if (i == code - 1   ? c != ' '
        : i == code + 3 ? c != ' ' && c != '\r' && c != '\n'
                        : !is_digit(c))
      return match::no;
    if (i == code && (c < '1' || c > '9'))
      return match::no;
  }
  return bytes.size() < code + 3 ? match::perhaps : match::yes;
}

match classify(const opening& begun) {
  const auto client = begins_request(begun.client);
  const auto server = begins_answer(begun.server);
  if (client == match::yes || server == match::yes)
    return begun.in_midstream || client != match::no ? match::yes : match::no;
  if (begun.in_midstream) // One side may be in the midst of a body while the other begins.
    return client == match::no && server == match::no ? match::no : match::perhaps;
  return client == match::no || server == match::no ? match::no : match::perhaps;
}

} // namespace troupe::l7::http
