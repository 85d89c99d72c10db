// SPDX-License-Identifier: Apache-2.0
#include "actors/container/l7/clickhouse/packet_walk.hpp"

#include "actors/container/l7/clickhouse/frame.hpp"

#include <algorithm>

namespace troupe::l7::clickhouse {
namespace {

using step = packet_walk::step;
using piece = packet_walk::piece;

constexpr uint64_t rows_max = uint64_t{1} << 36;
constexpr uint64_t columns_max = 1U << 16;
constexpr size_t items_max = 512;
constexpr uint64_t uuid_bytes = 16;

constexpr uint64_t text_bytes_max = uint64_t{1} << 30;
// Writers begin another frame only where their buffer is full.
constexpr uint64_t full_frame_bytes = 1U << 20;

uint64_t numbers_of_progress(uint64_t revision) {
  return 2 + uint64_t{revision >= since::total_rows_in_progress}
         + uint64_t{revision >= since::total_bytes_in_progress}
         + 2 * uint64_t{revision >= since::write_info}
         + uint64_t{revision >= since::elapsed_in_progress};
}

} // namespace

void packet_walk::push(what is, uint64_t count, const column_type* type) {
  rest_.push_back({is, count, type});
}

void packet_walk::push_block(bool compressed) {
  push(compressed                       ? what::frame
       : revision_ >= since::block_info ? what::block_info
                                        : what::dimensions);
  push(what::texts, 1); // The name of a table.
}

void packet_walk::push_exception() {
  push(what::nested);
  push(what::texts, 3); // Its name, the message, and where it was thrown.
  push(what::bytes, 4); // Its code.
}

bool packet_walk::begin(client_packet kind, uint64_t revision, std::optional<bool> compressed) {
  revision_ = revision;
  switch (kind) {
    case client_packet::data:
    case client_packet::scalar:
      if (!compressed || (revision == 0 && !*compressed))
        return false;
      push_block(*compressed);
      return true;
    case client_packet::cancel:
    case client_packet::ping:
    case client_packet::keep_alive:
      return true;
    default:
      return false;
  }
}

bool packet_walk::begin(server_packet kind, uint64_t revision, std::optional<bool> compressed) {
  revision_ = revision;
  switch (kind) {
    case server_packet::exception:
      push_exception();
      return true;
    case server_packet::pong:
    case server_packet::end_of_stream:
    case server_packet::read_task_request:
      return true;
    case server_packet::data:
    case server_packet::totals:
    case server_packet::extremes:
      if (!compressed || (revision == 0 && !*compressed))
        return false;
      push_block(*compressed);
      return true;
    case server_packet::log:
    case server_packet::profile_events:
      if (!compressed || revision == 0)
        return false;
      push_block(*compressed && revision >= since::compressed_logs);
      return true;
    case server_packet::progress:
      push(what::numbers, numbers_of_progress(revision));
      return revision != 0;
    case server_packet::profile_info:
      // Rows, blocks and bytes; two pairs of a flag and a number of rows. A flag is a number, too.
      push(what::numbers, revision >= since::rows_before_aggregation ? 8 : 6);
      return revision != 0;
    case server_packet::table_columns:
      push(what::texts, 2);
      return true;
    case server_packet::timezone_update:
      push(what::texts, 1);
      return true;
    case server_packet::part_uuids:
      push(what::uuids);
      return true;
    default:
      return false;
  }
}

void packet_walk::begin_settings() {
  push(what::settings);
}

packet_walk::piece packet_walk::next(std::string_view bytes) {
  piece result{step::pass, 0};
  while (result.is == step::pass && result.length == 0 && !rest_.empty()) {
    if (rest_.size() > items_max)
      return {step::unknown, 0};
    result = take(bytes);
  }
  return result;
}

packet_walk::piece packet_walk::take(std::string_view bytes) {
  const auto x = rest_.back();
  byte_cursor cursor{bytes};
  piece result{step::unknown, 0};
  const auto depth = rest_.size();
  rest_.pop_back();
  switch (x.is) {
    case what::bytes:
      return {step::pass, x.count};
    case what::numbers:
      result = numbers(cursor, x.count);
      break;
    case what::texts:
      result = texts(cursor, x.count);
      break;
    case what::values:
      return values(x);
    case what::text_ends:
    case what::row_ends:
    case what::uuids:
      result = ends(cursor, x);
      break;
    case what::dictionary:
      result = dictionary(cursor, x);
      break;
    case what::indexes:
      result = indexes(cursor, x);
      break;
    case what::block_info:
      result = block_info(cursor);
      break;
    case what::dimensions:
      result = dimensions(cursor);
      break;
    case what::columns:
      result = column(cursor, x);
      break;
    case what::frame:
      result = frame(cursor);
      break;
    case what::frames:
      result = frames(bytes);
      break;
    case what::nested:
      result = nested(cursor);
      break;
    case what::settings:
      result = setting(cursor);
      break;
  }
  if (result.is == step::need_more) { // All of it again, once there is more.
    rest_.resize(depth - 1, {what::bytes});
    rest_.push_back(x);
  }
  return result;
}

packet_walk::piece packet_walk::numbers(byte_cursor& cursor, uint64_t count) {
  const auto all = cursor.rest().size();
  static_cast<void>(read_varuint(cursor));
  if (!cursor.good())
    return {all < 10 ? step::need_more : step::unknown, 0};
  if (count > 1)
    push(what::numbers, count - 1);
  return {step::pass, all - cursor.rest().size()};
}

/// As many as are there, so that a column of short texts is one piece.
packet_walk::piece packet_walk::texts(byte_cursor& cursor, uint64_t count) {
  uint64_t passed = 0;
  auto left = count;
  while (left > 0) {
    const auto all = cursor.rest().size();
    const auto size = read_varuint(cursor);
    if (!cursor.good()) {
      if (passed == 0)
        return {all < 10 ? step::need_more : step::unknown, 0};
      break;
    }
    passed += all - cursor.rest().size() + size;
    --left;
    if (size > text_bytes_max)
      return {step::unknown, 0};
    if (size > cursor.rest().size())
      break;
    cursor.skip(size);
  }
  if (left > 0)
    push(what::texts, left);
  return {step::pass, passed};
}

packet_walk::piece packet_walk::values(item x) {
  using kind = column_type::kind;
  const auto& type = *x.type;
  if (x.count == 0)
    return {step::pass, 0};
  switch (type.is) {
    case kind::fixed:
      return {step::pass, type.size * x.count};
    case kind::text:
      push(revision_ >= since::string_sizes ? what::text_ends : what::texts, x.count);
      return {step::pass, revision_ >= since::string_sizes ? 8 * (x.count - 1) : 0};
    case kind::nullable:
      push(what::values, x.count, &type.inner.front());
      return {step::pass, x.count};
    case kind::array:
      push(what::row_ends, 0, &type.inner.front());
      return {step::pass, 8 * (x.count - 1)};
    case kind::tuple:
      for (auto i = type.inner.rbegin(); i != type.inner.rend(); ++i)
        push(what::values, x.count, &*i);
      return {step::pass, 0};
    case kind::low_cardinality:
      push(what::dictionary, 0, &type.inner.front());
      return {step::pass, 0};
  }
  return {step::unknown, 0};
}

/// How much follows is said by one number: the last of the ends, which are ascending.
packet_walk::piece packet_walk::ends(byte_cursor& cursor, item x) {
  const auto all = cursor.rest().size();
  const auto last = x.is == what::uuids ? read_varuint(cursor) : cursor.u64_little();
  if (!cursor.good())
    return {step::need_more, 0};
  if (last > rows_max)
    return {step::unknown, 0};
  if (x.is == what::row_ends)
    push(what::values, last, x.type);
  else
    push(what::bytes, x.is == what::uuids ? last * uuid_bytes : last);
  return {step::pass, all - cursor.rest().size()};
}

packet_walk::piece packet_walk::dictionary(byte_cursor& cursor, item x) {
  constexpr uint64_t has_shared_dictionary = 0x100;
  constexpr uint64_t has_keys = 0x200;
  const auto form = cursor.u64_little();
  const auto keys = (form & has_keys) != 0 ? cursor.u64_little() : 0;
  if (!cursor.good())
    return {step::need_more, 0};
  if ((form & has_shared_dictionary) != 0 || (form & 0xff) > 3 || keys > rows_max)
    return {step::unknown, 0};
  push(what::indexes, uint64_t{1} << (form & 0xff));
  push(what::values, keys, x.type);
  return {step::pass, (form & has_keys) != 0 ? 16U : 8U};
}

packet_walk::piece packet_walk::indexes(byte_cursor& cursor, item x) {
  const auto count = cursor.u64_little();
  if (!cursor.good())
    return {step::need_more, 0};
  if (count > rows_max)
    return {step::unknown, 0};
  return {step::pass, 8 + count * x.count};
}

packet_walk::piece packet_walk::block_info(byte_cursor& cursor) {
  const auto all = cursor.rest().size();
  for (auto field = read_varuint(cursor); field != 0 && cursor.good();
       field = read_varuint(cursor)) {
    if (field == 1) // Too many rows for the limits.
      cursor.skip(1);
    else if (field == 2) // The number of a bucket.
      cursor.skip(4);
    else if (field == 3 && revision_ >= since::out_of_order_buckets)
      cursor.skip(4 * std::min<uint64_t>(read_varuint(cursor), rows_max));
    else
      return {step::unknown, 0};
  }
  if (!cursor.good())
    return {step::need_more, 0};
  push(what::dimensions);
  return {step::pass, all - cursor.rest().size()};
}

packet_walk::piece packet_walk::dimensions(byte_cursor& cursor) {
  const auto all = cursor.rest().size();
  const auto columns = read_varuint(cursor);
  rows_ = read_varuint(cursor);
  if (!cursor.good())
    return {all < 20 ? step::need_more : step::unknown, 0};
  if (columns > columns_max || rows_ > rows_max)
    return {step::unknown, 0};
  if (columns > 0)
    push(what::columns, columns);
  return {step::pass, all - cursor.rest().size()};
}

packet_walk::piece packet_walk::column(byte_cursor& cursor, item x) {
  const auto all = cursor.rest().size();
  static_cast<void>(read_text(cursor)); // Its name.
  const auto type = read_text(cursor);
  const bool is_custom = revision_ >= since::custom_serialization && cursor.u8() != 0;
  if (!cursor.good())
    return {step::need_more, 0};
  if (x.count > 1)
    push(what::columns, x.count - 1);
  const piece head{step::pass, all - cursor.rest().size()};
  if (rows_ == 0 && !is_custom)
    return head;
  type_ = read_column_type(type);
  if (is_custom || !type_)
    return {step::unknown, 0};
  push(what::values, rows_, &*type_);
  push(what::bytes, 8 * type_->dictionaries());
  return head;
}

packet_walk::piece packet_walk::frame(byte_cursor& cursor) {
  const auto head = read_frame_head(cursor);
  if (!cursor.good())
    return {step::need_more, 0};
  if (!head.is_lawful())
    return {step::unknown, 0};
  if (head.content >= full_frame_bytes)
    push(what::frames);
  return {step::pass, head.bytes};
}

/// Behind a full frame another one may follow, or the next packet: a checksum could be any bytes,
/// but what comes behind it could not.
packet_walk::piece packet_walk::frames(std::string_view bytes) {
  byte_cursor cursor{bytes};
  const auto head = read_frame_head(cursor);
  if (!cursor.good())
    return {step::need_more, 0};
  if (head.is_lawful())
    push(what::frame);
  return {step::pass, 0};
}

packet_walk::piece packet_walk::nested(byte_cursor& cursor) {
  const auto more = cursor.u8();
  if (!cursor.good())
    return {step::need_more, 0};
  if (more == 1)
    push_exception();
  return {more <= 1 ? step::pass : step::unknown, 1};
}

/// A name, flags and a value; an empty name ends them.
packet_walk::piece packet_walk::setting(byte_cursor& cursor) {
  const auto all = cursor.rest().size();
  const auto name = read_text(cursor);
  if (!cursor.good())
    return {step::need_more, 0};
  if (name.empty())
    return {step::pass, 1};
  static_cast<void>(read_varuint(cursor));
  const auto value = read_varuint(cursor);
  if (!cursor.good())
    return {step::need_more, 0};
  if (value > text_bytes_max)
    return {step::unknown, 0};
  push(what::settings);
  return {step::pass, all - cursor.rest().size() + value};
}

} // namespace troupe::l7::clickhouse
