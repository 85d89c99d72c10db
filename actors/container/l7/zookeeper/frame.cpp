// SPDX-License-Identifier: Apache-2.0
#include "actors/container/l7/zookeeper/frame.hpp"

#include "actors/container/l7/zookeeper/interpret.hpp"

#include <algorithm>

namespace troupe::l7::zookeeper {

namespace {

// Servers refuse more than 1 MiB unless they are told otherwise.
constexpr uint64_t frame_max = 64U << 20;
constexpr size_t password_bytes = 16;

// A number that is there already must be this one.
bool may_be(std::string_view bytes, size_t at, int32_t expected) {
  return bytes.size() < at + 4 || number32(bytes, at) == expected;
}

} // namespace

int32_t number32(std::string_view bytes, size_t at) {
  uint32_t result = 0;
  for (const char c : bytes.substr(at, 4))
    result = result << 8 | static_cast<unsigned char>(c);
  return static_cast<int32_t>(result);
}

int64_t number64(std::string_view bytes, size_t at) {
  return static_cast<int64_t>(static_cast<uint64_t>(number32(bytes, at)) << 32
                              | static_cast<uint32_t>(number32(bytes, at + 4)));
}

std::optional<uint64_t> frame_length(std::string_view bytes) {
  const auto length = number32(bytes, 0);
  if (length < 8 || static_cast<uint64_t>(length) > frame_max)
    return std::nullopt;
  return static_cast<uint64_t>(length);
}

match begins_connect(std::string_view bytes) {
  // Version, last zxid, timeout, session and password; and since 3.4 whether read-only will do.
  constexpr int32_t length = connect_head_bytes - length_bytes + password_bytes;
  if (!may_be(bytes, 0, length) && !may_be(bytes, 0, length + 1))
    return match::no;
  if (!may_be(bytes, 4, 0) || !may_be(bytes, 28, password_bytes))
    return match::no;
  const bool has_odd_zxid = bytes.size() >= 16 && number64(bytes, 8) < 0;
  const bool has_odd_timeout = bytes.size() >= 20 && number32(bytes, 16) < 0;
  if (has_odd_zxid || has_odd_timeout)
    return match::no;
  constexpr std::string_view beginning{"\0\0\0", 3}; // Before the length is there.
  const auto there = std::min(bytes.size(), beginning.size());
  if (bytes.substr(0, there) != beginning.substr(0, there))
    return match::no;
  return bytes.size() < connect_head_bytes ? match::perhaps : match::yes;
}

match begins_request(std::string_view bytes) {
  if (bytes.size() < length_bytes)
    return match::perhaps;
  const auto length = frame_length(bytes);
  if (!length)
    return match::no;
  if (bytes.size() < request_head_bytes)
    return match::perhaps;
  const auto xid = number32(bytes, length_bytes);
  const auto opcode = number32(bytes, length_bytes + 4);
  if (xid == xid_ping)
    return opcode == opcode_ping && *length == 8 ? match::yes : match::no;
  if (xid <= 0 || !has_path(opcode))
    return match::no;
  if (bytes.size() < request_head_bytes + 5)
    return match::perhaps;
  const auto path = number32(bytes, request_head_bytes);
  const bool fits = path > 0 && 8 + 4 + static_cast<uint64_t>(path) <= *length;
  return fits && bytes[request_head_bytes + 4] == '/' ? match::yes : match::no;
}

} // namespace troupe::l7::zookeeper
