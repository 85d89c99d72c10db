// SPDX-License-Identifier: Apache-2.0
#include "actors/container/l7/http2/http2.hpp"

#include "actors/container/l7/http2/classify.hpp"
#include "actors/container/l7/http2/frame.hpp"
#include "actors/container/l7/http2/header_decoder.hpp"
#include "actors/container/l7/http2/interpret.hpp"
#include "actors/container/l7/pending_exchanges.hpp"
#include "actors/container/l7/stream_reader.hpp"

#include <algorithm>
#include <map>
#include <utility>

namespace troupe::l7 {
namespace {

using namespace http2;

/// Who has more requests open gets the oldest told as unanswered. Servers allow 100 to 1,000.
constexpr size_t streams_max = 2048;

/// The others say what we want to know by their header alone.
bool is_read(frame_type type) {
  return type == frame_type::headers || type == frame_type::continuation
         || type == frame_type::push_promise || type == frame_type::rst_stream
         || type == frame_type::settings || type == frame_type::goaway;
}

constexpr size_t slice_bytes = stream_reader::buffer_max / 2;

/// Where nothing proves that a frame begins, its stream is not far beyond those that we know.
constexpr uint32_t stream_leap_max = 1U << 17;

/// How long an answer waits for its request: far more than a thread waits for its processor.
constexpr uint64_t early_ns_max = 100'000'000;

class http2_conversation final : public conversation {
public:
  http2_conversation() = default;

  explicit http2_conversation(l7_exchange request) {
    first_stream_ = last_stream_ = 1;
    auto& told = streams_[1];
    told.exchange = std::move(request);
    told.exchange.protocol = l7_protocol::http2;
  }

  void take(side from, const chunk& x, sink& out) override;
  void close(sink& out) override;
  [[nodiscard]] bool is_at_rest() const override;

private:
  /// A header block, which may need several frames.
  struct header_block {
    uint32_t stream = 0; ///< 0: none is open
    uint64_t time_ns = 0;
    uint64_t bytes = 0;
    bool ends_stream = false;
    bool is_promise = false;
    bool is_lost = false; ///< its rest cannot be decoded
  };

  struct direction {
    stream_reader reader;
    header_decoder decoder;
    header_fields fields;
    header_block block;
    bool is_begun = false;
  };

  void read_frames(side from, direction& d, sink& out);
  [[nodiscard]] bool is_frame(std::string_view bytes) const;
  bool find_frame(direction& d, sink& out) const;
  bool pass_preface(side from, direction& d);
  [[nodiscard]] bool waits_for_request(const frame_header& x) const;
  void begin(side from, direction& d, const frame_header& first);
  void lose_place(side from, direction& d, sink& out);
  void read_frame(side from, direction& d, const frame_header& x, sink& out);
  void read_block(side from, direction& d, const frame_header& x, std::string_view payload,
                  sink& out);
  void end_block(side from, direction& d, sink& out);
  void requested(const direction& d, sink& out);
  void answered(const direction& d, sink& out);
  void read_data(side from, const frame_header& x, sink& out);
  void read_goaway(std::string_view payload, sink& out);
  stream* find(uint32_t id);
  void tell_unknown_stream(uint32_t id, uint64_t bytes, sink& out) const;
  void end(uint32_t id, sink& out);

  direction client_;
  direction server_;
  std::map<uint32_t, stream> streams_;
  uint32_t first_stream_ = 0; ///< of those whose request we saw
  uint32_t last_stream_ = 0;
  uint64_t now_ns_ = 0;
  bool knows_requests_ = false;                  ///< all of them: nothing of the client was lost
  uint32_t frame_length_max_ = usual_length_max; ///< the larger one of both sides' settings
};

void http2_conversation::take(side from, const chunk& x, sink& out) {
  auto& d = from == side::client ? client_ : server_;
  auto rest = x;
  now_ns_ = x.time_ns;
  while (!rest.captured.empty() || rest.size > 0) {
    // What is captured may be more than the reader keeps at a time.
    auto part = rest;
    if (rest.captured.size() > slice_bytes) {
      part.captured = rest.captured.substr(0, slice_bytes);
      part.size = slice_bytes;
    }
    rest.captured.remove_prefix(part.captured.size());
    rest.position += part.size;
    rest.size -= part.size;
    if (const auto lost = d.reader.take(part); lost > 0)
      out.not_understood(unparsed::not_captured, lost);
    if (d.reader.is_resumed())
      lose_place(from, d, out);
    read_frames(from, d, out);
  }
  if (from == side::client && server_.reader.has_bytes()) // Answers may have come first.
    read_frames(side::server, server_, out);
}

/// Who writes on another thread than he reads may be told of the answer first.
bool http2_conversation::waits_for_request(const frame_header& x) const {
  const auto answers = x.type == frame_type::headers || x.type == frame_type::data
                       || x.type == frame_type::rst_stream;
  return answers && x.stream % 2 == 1 && x.stream > last_stream_ && knows_requests_
         && !server_.reader.is_cut() && now_ns_ <= server_.reader.time_ns() + early_ns_max;
}

void http2_conversation::read_frames(side from, direction& d, sink& out) {
  while (d.reader.has_bytes() && !pass_preface(from, d)) {
    if ((!d.is_begun || d.reader.is_resumed()) && !find_frame(d, out))
      break;
    const auto bytes = d.reader.bytes();
    const auto frame = read_frame_header(bytes);
    if (!frame && !d.reader.is_cut())
      break;
    if (!frame || !is_lawful(*frame)) {
      out.not_understood(frame ? unparsed::out_of_sync : unparsed::not_captured,
                         d.reader.resynchronise());
      lose_place(from, d, out);
      break;
    }
    if (!d.is_begun)
      begin(from, d, *frame);
    const auto needed = is_read(frame->type) ? frame->size() : frame_header_bytes;
    if (bytes.size() < needed && !d.reader.is_cut() && bytes.size() < stream_reader::buffer_max)
      break;
    if (from == side::server && waits_for_request(*frame))
      break;
    read_frame(from, d, *frame, out);
    if (const auto lost = d.reader.pass(frame->size()); lost > 0)
      out.not_understood(unparsed::not_captured, lost);
    if (d.reader.is_resumed())
      lose_place(from, d, out);
  }
}

/// What stands here looks like a frame, and so does what comes behind it. Of random bytes, one in
/// 2^35 does.
bool http2_conversation::is_frame(std::string_view bytes) const {
  const auto x = read_frame_header(bytes);
  if (!x || !is_usual(*x, frame_length_max_)
      || (last_stream_ > 0 && x->stream > last_stream_ + stream_leap_max))
    return false;
  if (x->size() >= bytes.size())
    return true;
  const auto next = read_frame_header(bytes.substr(static_cast<size_t>(x->size())));
  return !next || is_usual(*next, frame_length_max_);
}

/// Passes what is no frame. False where none begins in what is there.
bool http2_conversation::find_frame(direction& d, sink& out) const {
  const auto bytes = d.reader.bytes();
  if (bytes.size() < frame_header_bytes && !d.reader.is_cut())
    return false; // More bytes will tell.
  for (size_t i = 0; i + frame_header_bytes <= bytes.size(); ++i)
    if (is_frame(bytes.substr(i))) {
      if (i > 0)
        out.not_understood(unparsed::out_of_sync, i + d.reader.pass(i));
      return true;
    }
  out.not_understood(unparsed::out_of_sync, d.reader.resynchronise());
  return false;
}

/// True where more bytes are needed, or nothing is left.
bool http2_conversation::pass_preface(side from, direction& d) {
  if (from == side::server || d.is_begun)
    return false;
  const auto bytes = d.reader.bytes();
  if (preface.starts_with(bytes) && bytes.size() < preface.size())
    return !d.reader.is_cut();
  if (!bytes.starts_with(preface))
    return false;
  d.reader.pass(preface.size());
  d.is_begun = knows_requests_ = true;
  return !d.reader.has_bytes();
}

/// The first frame that we see of this side: is it the first of all?
void http2_conversation::begin(side from, direction& d, const frame_header& first) {
  d.is_begun = true;
  const auto is_first = from == side::server && first.type == frame_type::settings
                        && !first.has(flag_ack) && !d.reader.is_resumed();
  if (!is_first)
    d.decoder.forget();
}

/// Header blocks may be among what was lost: from now on we know less than the peer. So may be the
/// end of what the server was about to say: HTTP has its status at the beginning, gRPC has not.
void http2_conversation::lose_place(side from, direction& d, sink& out) {
  d.decoder.forget();
  d.block = {};
  if (from == side::client) {
    knows_requests_ = false;
    return;
  }
  for (auto i = streams_.begin(); i != streams_.end();) {
    if (!i->second.is_answered || i->second.is_grpc) {
      ++i;
      continue;
    }
    i->second.may_tell_grpc = true; // In trailers that were lost.
    conclude(i->second);
    out.exchanged(std::move(i->second.exchange));
    i = streams_.erase(i);
  }
}

void http2_conversation::read_frame(side from, direction& d, const frame_header& x, sink& out) {
  const auto payload = d.reader.bytes().substr(frame_header_bytes, x.length);
  switch (x.type) {
    case frame_type::headers:
    case frame_type::push_promise:
    case frame_type::continuation:
      return read_block(from, d, x, payload, out);
    case frame_type::data:
      return read_data(from, x, out);
    case frame_type::rst_stream:
      if (auto* known = find(x.stream)) {
        conclude_reset(*known, from, number_at(payload, 0));
        end(x.stream, out);
      }
      return;
    case frame_type::settings:
      frame_length_max_ = std::max(frame_length_max_, max_frame_size(payload));
      return;
    case frame_type::goaway:
      if (from == side::server)
        read_goaway(payload, out);
      return;
    default:
      return;
  }
}

void http2_conversation::read_block(side from, direction& d, const frame_header& x,
                                    std::string_view payload, sink& out) {
  auto& block = d.block;
  if (x.type != frame_type::continuation) {
    if (block.stream != 0) // It never ended, so its fields are not all in the table.
      d.decoder.forget();
    d.fields.clear();
    block = {x.stream, d.reader.time_ns(), 0, x.has(flag_end_stream), false, false};
    block.is_promise = x.type == frame_type::push_promise;
  } else if (block.stream != x.stream) { // Its beginning was not seen.
    d.decoder.forget();
    return;
  }
  block.bytes += x.size();
  const auto part = header_block_of(x, payload);
  const auto is_whole = part && payload.size() == x.length;
  if (!block.is_lost && part)
    block.is_lost = !d.decoder.decode(*part, is_whole && x.has(flag_end_headers), d.fields);
  if (!is_whole && !block.is_lost) {
    d.decoder.forget();
    block.is_lost = true;
  }
  if (x.has(flag_end_headers))
    end_block(from, d, out);
}

void http2_conversation::end_block(side from, direction& d, sink& out) {
  d.fields.has_unknown = d.fields.has_unknown || d.block.is_lost;
  if (!d.block.is_promise) { // What is pushed is no answer to a request.
    if (from == side::client)
      requested(d, out);
    else
      answered(d, out);
  }
  d.block = {};
}

void http2_conversation::requested(const direction& d, sink& out) {
  const auto id = d.block.stream;
  if (auto* known = find(id)) { // Its trailers.
    known->exchange.request_bytes += d.block.bytes;
    return;
  }
  if (id % 2 == 0 || id <= last_stream_ || d.fields.are_trailers())
    return; // Its answer was whole before its trailers came, or its beginning was not seen.
  if (streams_.size() >= streams_max) {
    const auto oldest = streams_.begin();
    out.not_understood(unparsed::unanswered, oldest->second.exchange.request_bytes);
    streams_.erase(oldest);
  }
  if (first_stream_ == 0)
    first_stream_ = id;
  last_stream_ = id;
  auto& told = streams_.emplace_hint(streams_.end(), id, stream{})->second;
  told.exchange.started_ns = d.block.time_ns;
  told.exchange.request_bytes = d.block.bytes;
  tell_request(d.fields, told);
}

void http2_conversation::answered(const direction& d, sink& out) {
  auto* known = find(d.block.stream);
  if (known == nullptr)
    return tell_unknown_stream(d.block.stream, d.block.bytes, out);
  known->exchange.response_bytes += d.block.bytes;
  if (!known->is_answered && d.fields.is_interim() && !d.block.ends_stream)
    return;
  if (!known->is_answered)
    answer_at(known->exchange, d.block.time_ns);
  tell_answer(d.fields, d.block.ends_stream, *known);
  const auto is_connected = known->is_tunnel && known->status / 100 == 2;
  if (d.block.ends_stream || is_connected) {
    conclude(*known);
    end(d.block.stream, out);
  }
}

void http2_conversation::read_data(side from, const frame_header& x, sink& out) {
  auto* known = find(x.stream);
  if (known == nullptr) {
    if (from == side::server)
      tell_unknown_stream(x.stream, x.size(), out);
    return;
  }
  auto& exchange = known->exchange;
  (from == side::client ? exchange.request_bytes : exchange.response_bytes) += x.size();
  if (from == side::server && x.has(flag_end_stream)) {
    if (!known->is_answered) // Its header block was lost.
      answer_at(exchange, server_.reader.time_ns());
    conclude(*known);
    end(x.stream, out);
  }
}

void http2_conversation::read_goaway(std::string_view payload, sink& out) {
  const auto last = number_at(payload, 0);
  if (!last)
    return;
  for (auto i = streams_.upper_bound(*last & 0x7fff'ffffU); i != streams_.end();) {
    conclude_refused(i->second);
    out.exchanged(std::move(i->second.exchange));
    i = streams_.erase(i);
  }
}

stream* http2_conversation::find(uint32_t id) {
  const auto found = streams_.find(id);
  return found == streams_.end() ? nullptr : &found->second;
}

/// Where it is one that we knew, it was told already. What is pushed has even numbers.
void http2_conversation::tell_unknown_stream(uint32_t id, uint64_t bytes, sink& out) const {
  const auto was_known = first_stream_ != 0 && id >= first_stream_ && id <= last_stream_;
  if (id % 2 == 1 && !was_known)
    out.not_understood(unparsed::unanswered, bytes);
}

void http2_conversation::end(uint32_t id, sink& out) {
  const auto found = streams_.find(id);
  out.exchanged(std::move(found->second.exchange));
  streams_.erase(found);
}

void http2_conversation::close(sink& out) {
  now_ns_ = UINT64_MAX; // What waits for its request has none.
  read_frames(side::server, server_, out);
  for (auto& [id, x] : streams_) {
    if (!x.is_answered) {
      out.not_understood(unparsed::unanswered, x.exchange.request_bytes);
      continue;
    }
    conclude_cut(x);
    out.exchanged(std::move(x.exchange));
  }
  streams_.clear();
}

bool http2_conversation::is_at_rest() const {
  return client_.is_begun && server_.is_begun && client_.reader.is_between_messages()
         && server_.reader.is_between_messages();
}

std::unique_ptr<conversation> converse() {
  return std::make_unique<http2_conversation>();
}

} // namespace

std::unique_ptr<conversation> converse_http2_upgraded(l7_exchange request) {
  return std::make_unique<http2_conversation>(std::move(request));
}

// Frames of many streams share a send: one that is not captured whole may hide header blocks, and
// those that come after it refer to them. A hundred calls of gRPC at once make sends of 16 to 32
// kB.
const protocol http2_protocol{l7_protocol::http2, classify, converse, 32768, 32768, false, true};

} // namespace troupe::l7
