// SPDX-License-Identifier: Apache-2.0
#include "actors/container/l7/foundationdb/frame.hpp"

#include "actors/container/l7/byte_cursor.hpp"
#include "actors/container/l7/foundationdb/flat_table.hpp"

#include <algorithm>
#include <array>

namespace troupe::l7::foundationdb {
namespace {

constexpr size_t length_bytes = 4;
constexpr uint32_t connect_bytes_min = 10; // The version and a port.
constexpr uint32_t connect_bytes_max = 128;
constexpr size_t message_head_bytes = 8;

/// The outermost table of a message has one field, or two where that is one of several types.
bool is_lawful(const packet& x) {
  const auto root = flat_table::root(x.message);
  return root && x.type != 0 && (root->fields() == 1 || root->fields() == 2) && root->bytes() <= 24;
}

} // namespace

std::optional<connect_packet> read_connect_packet(std::string_view bytes) {
  byte_cursor cursor{bytes};
  const auto length = cursor.u32_little();
  if (cursor.good() && (length < connect_bytes_min || length > connect_bytes_max))
    return std::nullopt;
  const auto version = cursor.u64_little();
  if (!cursor.good())
    return connect_packet{};
  // 0x0FDB, then the version; above it whether messages are flat buffers.
  if ((version >> 48U & 0xfffU) != 0xfdb || version >> 61U != 0)
    return std::nullopt;
  return connect_packet{length_bytes + uint64_t{length}};
}

token read_token(std::string_view bytes) {
  byte_cursor cursor{bytes};
  const auto first = cursor.u64_little();
  return {first, cursor.u64_little()};
}

std::optional<packet> read_packet(std::string_view bytes, size_t checksum_bytes) {
  byte_cursor cursor{bytes};
  const auto length = cursor.u32_little();
  cursor.skip(checksum_bytes);
  packet x;
  x.to = read_token(cursor.take(token::bytes));
  if (!cursor.good() || length < token::bytes + message_head_bytes
      || length > packet::message_bytes_max)
    return std::nullopt;
  x.bytes = length_bytes + checksum_bytes + uint64_t{length};
  x.message = cursor.rest().substr(0, length - token::bytes);
  cursor.skip(length_bytes);
  x.type = cursor.u32_little();
  return cursor.good() ? std::optional{x} : std::nullopt;
}

std::optional<size_t> find_checksum_bytes(std::string_view bytes) {
  for (const size_t size : {size_t{8}, size_t{4}, size_t{0}})
    if (const auto x = read_packet(bytes, size); x && is_lawful(*x))
      return size;
  return std::nullopt;
}

} // namespace troupe::l7::foundationdb
