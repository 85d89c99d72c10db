// SPDX-License-Identifier: Apache-2.0
#include "actors/container/l7/clickhouse/clickhouse.hpp"

#include "actors/container/l7/clickhouse/answer_end.hpp"
#include "actors/container/l7/clickhouse/classify.hpp"
#include "actors/container/l7/clickhouse/clickhouse_conversation.hpp"
#include "actors/container/l7/clickhouse/frame.hpp"
#include "actors/container/l7/pending_exchanges.hpp"

#include <memory>
#include <utility>

namespace troupe::l7 {

namespace clickhouse {

void clickhouse_conversation::take(side from, const chunk& x, sink& out) {
  if (!std::exchange(is_begun_, true))
    begin(x);
  if (from == side::client)
    client_speaks();
  auto& spoken = of(from);
  uint64_t lost = 0;
  const bool is_whole = spoken.row.take(spoken.reader, x, lost);
  if (from == side::server)
    server_speaks(x);
  if (lost > 0) {
    count(from, lost);
    out.not_understood(unparsed::not_captured, lost);
  }
  if (!is_whole)
    fall_out_of_step(from, out);
  while (read_piece(from, out)) {
  }
}

void clickhouse_conversation::client_speaks() {
  if (!std::exchange(server_spoke_, false))
    return;
  if (asked_) // It goes on with its request: the rows of an INSERT.
    asked_->is_answered = false;
  if (phase_ != phase::server_hello)
    return;
  phase_ = phase::queries; // The server's Hello was missed.
  revision_ = 0;
  of(side::client).in_step = false;
}

void clickhouse_conversation::server_speaks(const chunk& x) {
  server_spoke_ = true;
  last_byte_.reset();
  if (x.captured.size() == x.size && x.size > 0)
    last_byte_ = static_cast<uint8_t>(x.captured.back());
  last_size_[1] = std::exchange(last_size_[0], x.size);
  if (!asked_)
    return;
  asked_->was_answered = true;
  if (!std::exchange(asked_->is_answered, true))
    answer_at(asked_->exchange, x.time_ns);
}

void clickhouse_conversation::count(side from, uint64_t bytes) {
  if (!asked_)
    return;
  auto& x = asked_->exchange;
  (from == side::client ? x.request_bytes : x.response_bytes) += bytes;
}

/// False where the next packet begins where nothing was captured.
bool clickhouse_conversation::pass(side from, uint64_t length, sink& out) {
  auto& reader = of(from).reader;
  count(from, length);
  const auto lost = reader.pass(length);
  if (lost > 0) {
    count(from, lost);
    out.not_understood(unparsed::not_captured, lost);
  }
  if (!reader.is_resumed())
    return true;
  lose(from, unparsed::not_captured, out);
  return false;
}

/// The next packet does not begin here, but nobody knows where.
void clickhouse_conversation::lose(side from, unparsed reason, sink& out) {
  const auto dropped = of(from).reader.resynchronise();
  count(from, dropped);
  out.not_understood(reason, dropped);
  fall_out_of_step(from, out);
}

void clickhouse_conversation::fall_out_of_step(side from, sink& out) {
  of(from).in_step = false;
  of(from).walk.stop();
  if (from == side::server && asked_ && asked_->is_ending)
    settle(l7_outcome::failed, out);
}

/// False where more has to come.
bool clickhouse_conversation::read_piece(side from, sink& out) {
  auto& spoken = of(from);
  if (!spoken.reader.has_bytes())
    return false;
  if (!spoken.walk.is_over())
    return walk_on(from, out);
  if (!spoken.in_step)
    return resume(from, out);
  if (phase_ == phase::queries)
    return from == side::client ? read_client_packet(out) : read_server_packet(out);
  if (from == side::server)
    return greet_client(out);
  return phase_ == phase::addendum ? add_to_greeting(out) : greet_server(out);
}

bool clickhouse_conversation::walk_on(side from, sink& out) {
  auto& spoken = of(from);
  const auto piece = spoken.walk.next(spoken.reader.bytes());
  if (piece.is == packet_walk::step::need_more) {
    const bool is_full = spoken.reader.bytes().size() >= stream_reader::buffer_max;
    if (spoken.reader.is_cut() || is_full)
      lose(from, is_full ? unparsed::too_large : unparsed::not_captured, out);
    return false;
  }
  if (piece.is == packet_walk::step::unknown) {
    lose(from, unparsed::not_captured, out);
    return false;
  }
  const bool is_over = spoken.walk.is_over();
  const bool goes_on = piece.length == 0 || pass(from, piece.length, out);
  if (is_over)
    packet_over(from, out);
  return goes_on;
}

/// Out of step: queries, exceptions and blocks are seen where they begin a chunk.
bool clickhouse_conversation::resume(side from, sink& out) {
  auto& spoken = of(from);
  const auto bytes = spoken.reader.bytes();
  const bool is_block = asked_ && begins_block(bytes, from, compressed_.value_or(false));
  auto begins = from == side::client ? begins_query(bytes) : reading::invalid;
  if (is_block || (from == side::server && begins_exception(bytes)))
    begins = reading::done;
  if (begins == reading::need_more && !spoken.reader.is_cut())
    return false;
  if (begins != reading::done && from == side::server && pass_to_answer_end(out))
    begins = reading::done;
  if (begins != reading::done) {
    lose(from, unparsed::not_captured, out);
    return false;
  }
  spoken.in_step = true;
  if (phase_ != phase::addendum && phase_ != phase::queries)
    revision_ = 0;
  phase_ = phase::queries;
  return true;
}

/// True where what is there ends with the end of the answer, which is next then.
bool clickhouse_conversation::pass_to_answer_end(sink& out) {
  auto& reader = of(side::server).reader;
  if (!asked_ || reader.is_cut())
    return false;
  const auto at = find_answer_end(reader.bytes(), revision_, compressed_);
  if (!at)
    return false;
  count(side::server, *at);
  out.not_understood(unparsed::not_captured, *at + reader.pass(*at));
  return true;
}

void clickhouse_conversation::close(sink& out) {
  // EndOfStream is a send of its own. In answers that come byte by byte it could be any byte.
  const bool is_end = last_byte_ == static_cast<uint8_t>(server_packet::end_of_stream)
                      && last_size_[0] == 1 && last_size_[1] > 1;
  if (asked_ && !asked_->is_ending && !is_end)
    last_byte_.reset();
  settle_by_last_byte(out);
}

namespace {

std::unique_ptr<conversation> converse() {
  return std::make_unique<clickhouse_conversation>();
}

} // namespace
} // namespace clickhouse

// Servers tell events of a query's profile in blocks that are not compressed, some 5 KB each.
const protocol clickhouse_protocol{
    l7_protocol::clickhouse, clickhouse::classify, clickhouse::converse, 4096, 8192, true};

} // namespace troupe::l7
