// SPDX-License-Identifier: Apache-2.0
#include "actors/container/l7/cassandra/cassandra.hpp"

#include "actors/container/l7/cassandra/classify.hpp"
#include "actors/container/l7/cassandra/frame.hpp"
#include "actors/container/l7/cassandra/interpret.hpp"
#include "actors/container/l7/cassandra/known_streams.hpp"
#include "actors/container/l7/early_answers.hpp"
#include "actors/container/l7/pending_exchanges.hpp"
#include "actors/container/l7/prepared_statements.hpp"
#include "actors/container/l7/stream_reader.hpp"

#include <algorithm>
#include <deque>
#include <memory>
#include <string>
#include <utility>

namespace troupe::l7 {
namespace {

using namespace cassandra;

/// A message is looked at no further than this.
constexpr size_t message_bytes_max = 4096;

class cassandra_conversation final : public conversation {
public:
  void take(side from, const chunk& x, sink& out) override;
  void close(sink& out) override {
    early_.refuse_all(out);
    waiting_.give_up(out);
  }
  [[nodiscard]] bool is_over() const override { return is_over_; }

private:
  struct direction {
    stream_reader outer; ///< of the connection
    stream_reader inner; ///< of what is in version 5's frames
    uint64_t inner_position = 0;
    bool is_begun = false;
    bool is_framed = false;
    bool is_aligned = true;    ///< the next message begins where the inner stream resumes
    bool begins_frame = false; ///< what comes next is the first of a frame's payload
    uint32_t payload_left = 0; ///< of the frame that is being passed
  };

  /// A statement that is being prepared: its name comes with the answer.
  struct preparing {
    uint16_t stream = 0;
    std::shared_ptr<const sql_statement> statement;
  };
  static constexpr size_t preparing_max = 64;

  enum class step : uint8_t { wait, passed, out_of_sync };

  step read_frame(side from, direction& d, sink& out);
  void read_payload(side from, direction& d, const chunk& x, sink& out);
  static step pass(stream_reader& reader, uint64_t bytes, sink& out);
  step read_message(side from, direction& d, stream_reader& reader, sink& out);
  void requested(const header& x, std::string_view message, uint64_t time_ns, sink& out);
  void answered(const header& x, std::string_view message, uint64_t time_ns, sink& out);
  void messages_lost(side from, uint64_t time_ns, sink& out);
  void answer_early(const header& asked, bool was_known, uint64_t time_ns, sink& out);
  void agreed();

  direction client_;
  direction server_;
  pending_exchanges waiting_;
  known_streams streams_;
  early_answers early_;
  std::deque<preparing> preparing_;
  prepared_statements known_;
  uint64_t answers_lost_ns_ = 0; ///< when some were last seen to be missing
  bool starts_framing_ = false;  ///< STARTUP in version 5 waits for its answer
  bool wants_compression_ = false;
  bool is_over_ = false;
};

void cassandra_conversation::take(side from, const chunk& x, sink& out) {
  auto& d = from == side::client ? client_ : server_;
  auto lost = d.outer.take(x);
  while (d.outer.has_bytes() && !is_over_) {
    if (!d.is_begun && !d.is_framed && read_outer_frame(d.outer.bytes())) {
      d.is_framed = true; // In mid-stream: the checksum is no accident.
      d.inner.resynchronise();
      d.is_aligned = false;
    }
    const auto next = d.is_framed ? read_frame(from, d, out) : read_message(from, d, d.outer, out);
    if (next == step::passed)
      continue;
    if (next == step::out_of_sync)
      out.not_understood(unparsed::out_of_sync, d.outer.resynchronise());
    else if (d.outer.is_cut())
      lost += d.outer.resynchronise();
    break;
  }
  if (lost > 0)
    out.not_understood(unparsed::not_captured, lost);
}

/// Passes a frame's header, or hands what is there of its payload on.
cassandra_conversation::step cassandra_conversation::read_frame(side from, direction& d,
                                                                sink& out) {
  if (d.outer.is_resumed()) { // Messages are missing, or parts of one.
    d.payload_left = 0;
    d.is_aligned = false;
    // What comes is not the rest of a message that was being passed over.
    if (const auto lost = d.inner.resynchronise(); lost > 0)
      out.not_understood(unparsed::not_captured, lost);
  }
  const auto bytes = d.outer.bytes();
  if (d.payload_left == 0) {
    const auto frame = read_outer_frame(bytes);
    if (!frame)
      return bytes.size() < outer_frame::header_bytes ? step::wait : step::out_of_sync;
    d.is_begun = true;
    d.is_aligned = d.is_aligned || frame->is_self_contained;
    d.begins_frame = true;
    d.payload_left = frame->length;
    return pass(d.outer, frame->length == 0 ? frame->size() : outer_frame::header_bytes, out);
  }
  const auto here = bytes.substr(0, d.payload_left);
  const auto size = d.outer.is_cut() ? d.payload_left : static_cast<uint32_t>(here.size());
  read_payload(from, d, {d.outer.time_ns(), d.inner_position, size, here}, out);
  d.begins_frame = d.begins_frame && d.inner.has_bytes(); // Of a header that is not whole yet.
  d.inner_position += size;
  d.payload_left -= size;
  return pass(d.outer, size + (d.payload_left == 0 ? outer_frame::trailer_bytes : 0), out);
}

void cassandra_conversation::read_payload(side from, direction& d, const chunk& x, sink& out) {
  auto lost = d.inner.take(x);
  while (d.inner.has_bytes()) {
    // Only a frame of whole messages begins with one for sure; the first one of a large message
    // begins with what makes sense as that.
    const auto next = d.inner.is_resumed() && !d.is_aligned && !d.begins_frame
                          ? step::out_of_sync
                          : read_message(from, d, d.inner, out);
    if (next == step::passed)
      continue;
    if (next == step::wait && !d.inner.is_cut())
      break;
    const auto given_up = d.inner.resynchronise();
    d.is_aligned = false;
    if (next == step::wait)
      lost += given_up;
    else
      out.not_understood(unparsed::out_of_sync, given_up);
    break;
  }
  if (d.inner.is_resumed() && !d.inner.has_bytes())
    d.is_aligned = false;
  if (lost > 0)
    out.not_understood(unparsed::not_captured, lost);
}

cassandra_conversation::step cassandra_conversation::pass(stream_reader& reader, uint64_t bytes,
                                                          sink& out) {
  if (const auto lost = reader.pass(bytes); lost > 0)
    out.not_understood(unparsed::not_captured, lost);
  return step::passed;
}

cassandra_conversation::step
cassandra_conversation::read_message(side from, direction& d, stream_reader& reader, sink& out) {
  const auto bytes = reader.bytes();
  const auto x = read_header(bytes);
  if (!x)
    return step::wait;
  if (!is_lawful(bytes, *x, from))
    return step::out_of_sync;
  const auto is_sure = (d.is_begun && !reader.is_resumed()) || (d.is_framed && d.is_aligned);
  if (!is_sure && from == side::client && !is_likely_request(*x, bytes).value_or(true))
    return step::out_of_sync;
  const auto is_unasked = !is_sure && from == side::server && x->stream >= 0
                          && waiting_.find(static_cast<uint16_t>(x->stream)) == nullptr;
  const auto is_first = !d.is_begun && is_of_handshake(x->code) && x->size() <= message_bytes_max;
  const auto wanted = std::min<uint64_t>(x->size(), message_bytes_max);
  const auto is_short = bytes.size() < wanted;
  if (is_unasked && (!is_first || (is_short && reader.is_cut())))
    return step::out_of_sync;
  if (is_short && !reader.is_cut())
    return step::wait;
  if (!is_unasked) // Else nothing proves that it is a message until its request comes.
    d.is_begun = d.is_aligned = true;
  const auto message =
      bytes.substr(0, static_cast<size_t>(std::min<uint64_t>(x->size(), bytes.size())));
  if (reader.is_resumed())
    messages_lost(from, reader.time_ns(), out);
  if (from == side::client)
    requested(*x, message, reader.time_ns(), out);
  else
    answered(*x, message, reader.time_ns(), out);
  return pass(reader, x->size(), out);
}

/// Before this one, nobody knows which.
void cassandra_conversation::messages_lost(side from, uint64_t time_ns, sink& out) {
  if (from == side::client) {
    early_.refuse_all(out);
    streams_.requests_lost();
  } else {
    waiting_.give_up_repeated(out);
    answers_lost_ns_ = time_ns;
  }
}

void cassandra_conversation::requested(const header& x, std::string_view message, uint64_t time_ns,
                                       sink& out) {
  l7_exchange exchange;
  exchange.started_ns = time_ns;
  exchange.request_bytes = x.size();
  tell_request(x, message, known_, exchange);
  const auto stream = static_cast<uint16_t>(x.stream);
  if (x.code == opcode::prepare) {
    if (preparing_.size() >= preparing_max)
      preparing_.pop_front();
    preparing_.push_back({stream, std::make_shared<const sql_statement>(statement_of(x, message))});
  } else if (x.code == opcode::startup) {
    starts_framing_ = x.version >= 5;
    wants_compression_ = wants_compression(message);
  }
  waiting_.add(stream, std::move(exchange), out);
  if (waiting_.find(stream)->started_ns <= answers_lost_ns_)
    waiting_.give_up_repeated(out);
  const auto was_known = streams_.has(stream);
  if (x.code == opcode::startup)
    streams_.begin();
  streams_.asked(stream);
  answer_early(x, was_known, time_ns, out);
}

/// The answer may have been heard of before.
void cassandra_conversation::answer_early(const header& asked, bool was_known, uint64_t time_ns,
                                          sink& out) {
  const auto early = early_.take(static_cast<uint16_t>(asked.stream), time_ns, out);
  if (!early)
    return;
  const auto said = read_header(early->bytes);
  if (!said || !may_answer(said->code, asked.code) || (!was_known && !is_of_handshake(asked.code)))
    return out.not_understood(unparsed::unanswered, early->length);
  server_.is_begun = true;
  answered(*said, early->bytes, early->time_ns, out);
}

void cassandra_conversation::answered(const header& x, std::string_view message, uint64_t time_ns,
                                      sink& out) {
  if (x.stream < 0) // An event: nobody asked.
    return;
  const auto stream = static_cast<uint16_t>(x.stream);
  auto exchange = waiting_.take(stream);
  if (!exchange && !streams_.has(stream) && !is_of_handshake(x.code))
    return out.not_understood(unparsed::unanswered, x.size());
  if (!exchange)
    return early_.keep({stream, time_ns, x.size(), std::string{message}}, out);
  exchange->response_bytes = x.size();
  answer_at(*exchange, time_ns);
  tell_answer(x, message, *exchange);
  const auto prepared = std::find_if(preparing_.begin(), preparing_.end(),
                                     [stream](const preparing& p) { return p.stream == stream; });
  if (prepared != preparing_.end()) {
    if (const auto id = prepared_id(x, message); !id.empty())
      known_.remember(id, prepared->statement);
    preparing_.erase(prepared);
  }
  if (starts_framing_ && (x.code == opcode::ready || x.code == opcode::authenticate))
    agreed();
  out.exchanged(std::move(*exchange));
}

/// From now on both sides put their messages into frames. Compressed ones hide the messages.
void cassandra_conversation::agreed() {
  starts_framing_ = false;
  client_.is_framed = server_.is_framed = true;
  is_over_ = wants_compression_;
}

std::unique_ptr<conversation> converse() {
  return std::make_unique<cassandra_conversation>();
}

} // namespace

// Clients and servers put many messages into one send.
const protocol cassandra_protocol{l7_protocol::cassandra, classify, converse, 16384, 16384};

} // namespace troupe::l7
