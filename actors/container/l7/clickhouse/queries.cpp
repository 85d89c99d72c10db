// SPDX-License-Identifier: Apache-2.0
#include "actors/container/l7/clickhouse/clickhouse_conversation.hpp"

#include <algorithm>
#include <utility>

namespace troupe::l7::clickhouse {

bool clickhouse_conversation::read_client_packet(sink& out) {
  const auto kind = static_cast<client_packet>(of(side::client).reader.bytes()[0]);
  if (kind == client_packet::query)
    return read_query_packet(out);
  if (!of(side::client).walk.begin(kind, revision_, compressed_)) {
    lose(side::client, unparsed::not_captured, out);
    return false;
  }
  if (kind == client_packet::ping)
    answer_is_over(out);
  else if (kind == client_packet::cancel && asked_)
    asked_->is_answered = asked_->was_answered;
  return pass(side::client, 1, out);
}

bool clickhouse_conversation::read_query_packet(sink& out) {
  auto& reader = of(side::client).reader;
  const auto bytes = reader.bytes();
  const auto revision = revision_ != 0 ? std::optional{revision_} : revision_of_query(bytes);
  query x;
  const auto read = revision ? read_query(bytes, *revision, x) : reading::invalid;
  const bool is_awaited = x.text.size() < std::min<uint64_t>(x.text_bytes, detail_bytes_max);
  const bool may_come = read == reading::need_more || (read == reading::done && is_awaited)
                        || (!revision && begins_query(bytes) == reading::need_more);
  if (may_come && !reader.is_cut() && bytes.size() < stream_reader::buffer_max)
    return false;
  ask(x, out);
  if (read != reading::done) { // Its text is not known, nor where it ends.
    compressed_.reset();
    lose(side::client, unparsed::not_captured, out);
    return false;
  }
  compressed_ = x.is_compressed;
  if (*revision >= since::parameters)
    of(side::client).walk.begin_settings();
  return pass(side::client, x.bytes, out);
}

void clickhouse_conversation::ask(const query& x, sink& out) {
  answer_is_over(out);
  asked_.emplace();
  auto& exchange = asked_->exchange;
  exchange.protocol = l7_protocol::clickhouse;
  exchange.started_ns = of(side::client).reader.time_ns();
  tell_query(x, exchange);
}

/// The client goes on to something else.
void clickhouse_conversation::answer_is_over(sink& out) {
  settle_by_last_byte(out);
  auto& server = of(side::server);
  if (!server.in_step || !server.walk.is_over() || server.reader.has_bytes())
    lose(side::server, unparsed::not_captured, out);
  server.in_step = true;
}

bool clickhouse_conversation::read_server_packet(sink& out) {
  auto& spoken = of(side::server);
  const auto bytes = spoken.reader.bytes();
  now_ = static_cast<server_packet>(bytes[0]);
  if (now_ == server_packet::exception && !read_exception(bytes)) {
    if (spoken.reader.is_cut())
      lose(side::server, unparsed::not_captured, out);
    return false;
  }
  if (!spoken.walk.begin(now_, revision_, compressed_)) {
    lose(side::server, unparsed::not_captured, out);
    return false;
  }
  const bool is_over = spoken.walk.is_over();
  const bool goes_on = pass(side::server, 1, out);
  if (is_over) // Also where the next one was not captured.
    packet_over(side::server, out);
  return goes_on;
}

/// False where its code is not there.
bool clickhouse_conversation::read_exception(std::string_view bytes) {
  byte_cursor cursor{bytes};
  cursor.skip(1);
  const auto code = static_cast<int32_t>(cursor.u32_little());
  if (!cursor.good())
    return false;
  if (asked_) {
    asked_->exchange.status = code;
    asked_->is_ending = true;
  }
  return true;
}

void clickhouse_conversation::packet_over(side from, sink& out) {
  if (from == side::client)
    return;
  if (now_ == server_packet::end_of_stream)
    settle(l7_outcome::ok, out);
  else if (now_ == server_packet::exception)
    settle(l7_outcome::failed, out);
}

void clickhouse_conversation::settle(l7_outcome outcome, sink& out) {
  if (!asked_)
    return;
  asked_->exchange.outcome = outcome;
  out.exchanged(std::move(asked_->exchange));
  asked_.reset();
}

/// What was asked was answered up to EndOfStream, or up to the last byte of an exception, which
/// says that none is nested in it.
void clickhouse_conversation::settle_by_last_byte(sink& out) {
  if (!asked_)
    return;
  if (!asked_->was_answered) {
    out.not_understood(unparsed::unanswered, asked_->exchange.request_bytes);
    asked_.reset();
    return;
  }
  constexpr auto end_of_stream = static_cast<uint8_t>(server_packet::end_of_stream);
  auto outcome = l7_outcome::unknown;
  if (asked_->is_ending || last_byte_ == uint8_t{0})
    outcome = l7_outcome::failed;
  else if (last_byte_ == end_of_stream)
    outcome = l7_outcome::ok;
  settle(outcome, out);
}

} // namespace troupe::l7::clickhouse
