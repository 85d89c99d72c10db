// SPDX-License-Identifier: Apache-2.0
#include "actors/container/l7/postgres/frame.hpp"

namespace troupe::l7::postgres {

namespace {

constexpr size_t type_and_length = 5;
constexpr size_t length_and_code = 8;
constexpr uint32_t startup_max = 10000; // The server's own bound.
// Far more than any message is; four letters are never taken for a length.
constexpr uint32_t length_max = 0x1fffffff;

constexpr std::string_view client_types = "BCDEFHPQSXcdfp";
constexpr std::string_view server_types = "123ACDEGHIKNRSTVWZcdnstv";

bool is_startup(uint32_t code) {
  constexpr uint32_t minor_max = 99;
  return (code >= cancel_request && code <= gss_request)
         || (code >> 16 == 3 && (code & 0xffff) <= minor_max);
}

progress read_startup(std::string_view bytes, header& out) {
  if (bytes.size() < length_and_code)
    return bytes.size() > 1 && bytes[1] != 0 ? progress::invalid : progress::need_more;
  out.length = read_uint32(bytes);
  out.code = read_uint32(bytes.substr(4));
  out.body = length_and_code;
  const bool good =
      out.length >= length_and_code && out.length <= startup_max && is_startup(out.code);
  return good ? progress::done : progress::invalid;
}

// Where the type alone says how long a message is, or at least.
bool fits_client(char type, uint32_t length) {
  switch (type) {
    case 'S':
    case 'H':
    case 'X':
    case 'c':
      return length == 4;
    case 'E':
      return length >= 9;
    case 'B':
      return length >= 10;
    case 'C':
    case 'D':
      return length >= 6;
    default:
      return true;
  }
}

bool fits_server(char type, uint32_t length) {
  switch (type) {
    case '1':
    case '2':
    case '3':
    case 'I':
    case 'c':
    case 'n':
    case 's':
      return length == 4;
    case 'Z':
      return length == 5;
    default:
      return true;
  }
}

progress read_typed(std::string_view bytes, std::string_view types, header& out) {
  if (types.find(bytes[0]) == std::string_view::npos)
    return progress::invalid;
  if (bytes.size() < type_and_length)
    return progress::need_more;
  const auto length = read_uint32(bytes.substr(1));
  out.type = bytes[0];
  out.length = uint64_t{length} + 1;
  out.body = type_and_length;
  return length >= 4 && length <= length_max ? progress::done : progress::invalid;
}

} // namespace

uint32_t read_uint32(std::string_view bytes) {
  uint32_t result = 0;
  for (const char c : bytes.substr(0, 4))
    result = result << 8 | static_cast<uint8_t>(c);
  return result;
}

progress read_client_header(std::string_view bytes, header& out) {
  out = {};
  if (bytes.empty())
    return progress::need_more;
  if (bytes[0] == 0)
    return read_startup(bytes, out);
  const auto result = read_typed(bytes, client_types, out);
  return result == progress::done && !fits_client(out.type, static_cast<uint32_t>(out.length - 1))
             ? progress::invalid
             : result;
}

progress read_server_header(std::string_view bytes, header& out) {
  out = {};
  if (bytes.empty())
    return progress::need_more;
  const auto result = read_typed(bytes, server_types, out);
  return result == progress::done && !fits_server(out.type, static_cast<uint32_t>(out.length - 1))
             ? progress::invalid
             : result;
}

} // namespace troupe::l7::postgres
