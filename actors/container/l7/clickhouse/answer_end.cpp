// SPDX-License-Identifier: Apache-2.0
#include "actors/container/l7/clickhouse/answer_end.hpp"

#include "actors/container/l7/clickhouse/frame.hpp"
#include "actors/container/l7/clickhouse/interpret.hpp"
#include "actors/container/l7/clickhouse/packet_walk.hpp"
#include "actors/container/l7/clickhouse/wire.hpp"

#include <algorithm>

namespace troupe::l7::clickhouse {
namespace {

/// Rows may be made of such beginnings.
constexpr int tries_max = 4;

/// A kind, and the name of a table, which is empty.
constexpr std::string_view data_head{"\x01\0", 2};
/// Of a block: nothing overflows, and it is of no bucket.
constexpr std::string_view usual_info{"\x01\0\x02\xff\xff\xff\xff", 7};
/// No further fields, columns and rows.
constexpr std::string_view empty_block_end{"\0\0\0", 3};
/// The same behind a list of no buckets.
constexpr std::string_view new_empty_block_end{"\x03\0\0\0\0", 5};
/// Without compression, LZ4's token, and the heads of a Zstandard frame and its block.
constexpr size_t compression_bytes_max = 9;

/// Packets follow each other up to the last byte, and the last one ends the answer.
bool ends_answer(std::string_view bytes, uint64_t revision, std::optional<bool> compressed) {
  packet_walk walk;
  while (!bytes.empty()) {
    const auto kind = static_cast<server_packet>(bytes[0]);
    bytes.remove_prefix(1);
    if (!walk.begin(kind, revision, compressed))
      return false;
    while (!walk.is_over()) {
      const auto piece = walk.next(bytes);
      if (piece.is != packet_walk::step::pass || piece.length > bytes.size())
        return false;
      bytes.remove_prefix(static_cast<size_t>(piece.length));
    }
    if (kind == server_packet::exception || kind == server_packet::end_of_stream)
      return bytes.empty();
  }
  return false;
}

/// Where the packet begins whose block is empty and ends here.
std::optional<size_t> begin_of_packet(std::string_view bytes, size_t content, size_t end,
                                      bool compressed) {
  if (!compressed)
    return bytes.substr(0, content).ends_with(data_head) ? std::optional{content - data_head.size()}
                                                         : std::nullopt;
  for (size_t before = 0; before <= std::min(content, compression_bytes_max); ++before) {
    if (content < before + frame_head_bytes + data_head.size())
      break;
    const auto frame = content - before - frame_head_bytes;
    byte_cursor cursor{bytes.substr(frame)};
    const auto head = read_frame_head(cursor);
    if (cursor.good() && head.is_lawful() && head.bytes == end - frame
        && head.content == end - content && bytes.substr(0, frame).ends_with(data_head))
      return frame - data_head.size();
  }
  return std::nullopt;
}

/// The last ones first: what comes behind the rows is short.
std::optional<size_t> find_empty_block(std::string_view bytes, uint64_t revision, bool compressed) {
  int tries = 0;
  for (auto at = bytes.rfind(usual_info); at != std::string_view::npos && tries < tries_max;
       at = at == 0 ? std::string_view::npos : bytes.rfind(usual_info, at - 1)) {
    const auto behind = bytes.substr(at + usual_info.size());
    auto end = at + usual_info.size();
    if (behind.starts_with(empty_block_end))
      end += empty_block_end.size();
    else if (behind.starts_with(new_empty_block_end))
      end += new_empty_block_end.size();
    else
      continue;
    ++tries;
    const auto packet = begin_of_packet(bytes, at, end, compressed);
    if (packet && ends_answer(bytes.substr(*packet), revision, compressed))
      return packet;
  }
  return std::nullopt;
}

std::optional<size_t> find_exception(std::string_view bytes, uint64_t revision) {
  constexpr std::string_view name = "DB::";
  constexpr size_t before_name = 6; // Its kind, a code, and the length of the name.
  int tries = 0;
  for (auto at = bytes.find(name); at != std::string_view::npos && tries < tries_max;
       at = bytes.find(name, at + 1)) {
    if (at < before_name || !begins_exception(bytes.substr(at - before_name)))
      continue;
    ++tries;
    if (ends_answer(bytes.substr(at - before_name), revision, std::nullopt))
      return at - before_name;
  }
  return std::nullopt;
}

} // namespace

std::optional<size_t> find_answer_end(std::string_view bytes, uint64_t revision,
                                      std::optional<bool> compressed) {
  if (bytes.empty())
    return std::nullopt;
  switch (bytes.back()) { // EndOfStream; an exception's that no other is nested in it.
    case static_cast<char>(server_packet::end_of_stream):
      return compressed ? find_empty_block(bytes, revision, *compressed) : std::nullopt;
    case '\0':
      return find_exception(bytes, revision);
    default:
      return std::nullopt;
  }
}

} // namespace troupe::l7::clickhouse
