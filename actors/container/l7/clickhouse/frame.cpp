// SPDX-License-Identifier: Apache-2.0
#include "actors/container/l7/clickhouse/frame.hpp"

#include "actors/container/l7/clickhouse/wire.hpp"

namespace troupe::l7::clickhouse {
namespace {

constexpr uint64_t checksum_bytes = 16;
constexpr uint64_t frame_bytes_max = uint64_t{1} << 30;

} // namespace

bool frame_head::is_lawful() const {
  const bool is_known = method == 0x02 || method == 0x82 || method == 0x90; // None, LZ4, ZSTD.
  return is_known && bytes > frame_head_bytes && bytes <= frame_bytes_max
         && content <= frame_bytes_max;
}

frame_head read_frame_head(byte_cursor& cursor) {
  frame_head x;
  cursor.skip(checksum_bytes);
  x.method = cursor.u8();
  x.bytes = checksum_bytes + uint64_t{cursor.u32_little()};
  x.content = cursor.u32_little();
  return x;
}

bool begins_block(std::string_view bytes, side from, bool compressed) {
  byte_cursor cursor{bytes};
  const auto kind = cursor.u8();
  const bool is_kind = from == side::client
                           ? kind == static_cast<uint8_t>(client_packet::data)
                           : kind == static_cast<uint8_t>(server_packet::data)
                                 || kind == static_cast<uint8_t>(server_packet::totals)
                                 || kind == static_cast<uint8_t>(server_packet::extremes);
  if (!is_kind || cursor.u8() != 0) // Behind it the name of a table, which is empty.
    return false;
  if (compressed)
    return read_frame_head(cursor).is_lawful() && cursor.good();
  const auto info = cursor.take(8);
  constexpr std::string_view no_bucket{"\x02\xff\xff\xff\xff\0", 6};
  return cursor.good() && info[0] == 1 && static_cast<uint8_t>(info[1]) <= 1
         && info.substr(2) == no_bucket;
}

} // namespace troupe::l7::clickhouse
