// SPDX-License-Identifier: Apache-2.0
#include "actors/container/l7/kafka/kafka.hpp"

#include "actors/container/l7/early_answers.hpp"
#include "actors/container/l7/kafka/api.hpp"
#include "actors/container/l7/kafka/classify.hpp"
#include "actors/container/l7/kafka/frame.hpp"
#include "actors/container/l7/kafka/interpret.hpp"
#include "actors/container/l7/pending_exchanges.hpp"
#include "actors/container/l7/stream_reader.hpp"

#include <algorithm>
#include <deque>
#include <string>
#include <utility>

namespace troupe::l7 {
namespace {

using namespace kafka;

class kafka_conversation final : public conversation {
public:
  void take(side from, const chunk& x, sink& out) override;
  void close(sink& out) override;

private:
  struct waiting_request {
    int32_t correlation_id = 0;
    int16_t key = 0;
    int16_t version = 0;
    l7_exchange exchange;
  };

  /// What to do with the bytes of a side.
  enum class step : uint8_t { wait, passed, out_of_sync };

  step read_request(sink& out);
  step read_response(sink& out);
  void add(const request_header& x, sink& out);
  void answer(int32_t correlation_id, std::string_view message, uint64_t length, uint64_t time_ns,
              sink& out);
  [[nodiscard]] bool may_be_early(const response_header& x) const;
  [[nodiscard]] bool waits_in_vain() const;
  [[nodiscard]] bool is_expected(int32_t correlation_id) const;
  void tell_unanswered(sink& out);

  stream_reader client_;
  stream_reader server_;
  std::deque<waiting_request> waiting_;
  early_answers early_;
  bool client_begun_ = false;
  bool server_begun_ = false;
  /// After SaslHandshake in version 0 both sides exchange tokens that have a length and no header.
  bool has_raw_tokens_ = false;
};

void kafka_conversation::take(side from, const chunk& x, sink& out) {
  if (from == side::server && waits_in_vain())
    out.not_understood(unparsed::out_of_sync, server_.resynchronise());
  auto& reader = from == side::client ? client_ : server_;
  auto lost = reader.take(x);
  while (reader.has_bytes()) {
    const auto next = from == side::client ? read_request(out) : read_response(out);
    if (next == step::passed)
      continue;
    if (next == step::out_of_sync)
      out.not_understood(unparsed::out_of_sync, reader.resynchronise());
    else if (reader.is_cut())
      lost += reader.resynchronise();
    break;
  }
  if (lost > 0)
    out.not_understood(unparsed::not_captured, lost);
}

kafka_conversation::step kafka_conversation::read_request(sink& out) {
  const auto bytes = client_.bytes();
  const auto is_sure = client_begun_ && !client_.is_resumed();
  request_header header;
  const auto state = read_request_header(bytes, header);
  if (state == header_state::need_more)
    return step::wait;
  if (state == header_state::ok) {
    // The topic stands near the beginning, and is waited for.
    const auto wanted = std::min<uint64_t>(header.length, kafka_protocol.client_bytes);
    if (bytes.size() < wanted && !client_.is_cut())
      return step::wait;
    add(header, out);
  } else if (!is_sure || !has_raw_tokens_) {
    return step::out_of_sync;
  }
  client_begun_ = true;
  const auto length = state == header_state::ok ? header.length : *message_length(bytes);
  if (const auto lost = client_.pass(length); lost > 0)
    out.not_understood(unparsed::not_captured, lost);
  return step::passed;
}

void kafka_conversation::add(const request_header& x, sink& out) {
  if (client_.is_resumed()) // Those of the requests that are missing.
    early_.refuse_all(out);
  l7_exchange exchange;
  exchange.started_ns = client_.time_ns();
  exchange.request_bytes = x.length;
  tell_request(x, exchange);
  has_raw_tokens_ = has_raw_tokens_ || (x.key == sasl_handshake && x.version == 0);
  if (!has_answer(x))
    return out.exchanged(std::move(exchange));
  if (waiting_.size() >= pending_exchanges::most)
    tell_unanswered(out);
  const auto time_ns = exchange.started_ns;
  waiting_.push_back({x.correlation_id, x.key, x.version, std::move(exchange)});
  // In mid-stream an answer to what we did not see looks like the first one.
  if (!server_begun_ && !begins_connection(x.key))
    return;
  if (const auto early = early_.take(static_cast<uint32_t>(x.correlation_id), time_ns, out)) {
    server_begun_ = true;
    answer(x.correlation_id, early->bytes, early->length, early->time_ns, out);
  }
}

kafka_conversation::step kafka_conversation::read_response(sink& out) {
  const auto bytes = server_.bytes();
  const auto is_sure = server_begun_ && !server_.is_resumed();
  response_header x;
  const auto state = read_response_header(bytes, x);
  if (state == header_state::invalid && !has_raw_tokens_)
    return step::out_of_sync;
  if (state == header_state::need_more)
    return step::wait;
  const auto expected = state == header_state::ok && is_expected(x.correlation_id);
  const auto is_early = state == header_state::ok && !expected && may_be_early(x);
  if (!expected && !is_sure && !is_early) // Perhaps to what we did not see, perhaps a part of one.
    return step::out_of_sync;
  const auto wanted = std::min<uint64_t>(x.length, kafka_protocol.server_bytes);
  if ((expected || is_early) && bytes.size() < wanted) {
    if (!server_.is_cut())
      return step::wait;
    if (!is_sure && is_early)
      return step::out_of_sync;
  }
  server_begun_ = server_begun_ || !is_early;
  const auto message =
      bytes.substr(0, static_cast<size_t>(std::min<uint64_t>(x.length, bytes.size())));
  if (expected) {
    early_.refuse_all(out); // Brokers answer in order.
    answer(x.correlation_id, message, x.length, server_.time_ns(), out);
  } else if (is_early) {
    early_.keep({static_cast<uint32_t>(x.correlation_id), server_.time_ns(), x.length,
                 std::string{message}},
                out);
  }
  if (const auto lost = server_.pass(x.length); lost > 0)
    out.not_understood(unparsed::not_captured, lost);
  return step::passed;
}

/// Nobody has asked for it yet. The first answer of a connection has to be whole: nothing proves
/// that it is one until its request comes.
bool kafka_conversation::may_be_early(const response_header& x) const {
  if (has_raw_tokens_)
    return false;
  return server_begun_ ? !server_.is_resumed() : x.length <= first_response_bytes_max;
}

/// What was taken for the beginning of the first answer is none to what was asked since.
bool kafka_conversation::waits_in_vain() const {
  response_header x;
  return !server_begun_ && !waiting_.empty()
         && read_response_header(server_.bytes(), x) == header_state::ok
         && !is_expected(x.correlation_id);
}

void kafka_conversation::answer(int32_t correlation_id, std::string_view message, uint64_t length,
                                uint64_t time_ns, sink& out) {
  // Brokers answer in order: what is older has got no answer.
  while (waiting_.front().correlation_id != correlation_id)
    tell_unanswered(out);
  auto x = std::move(waiting_.front());
  waiting_.pop_front();
  const auto said = read_answer(x.key, x.version, message.substr(response_header::bytes));
  x.exchange.outcome = said.outcome;
  x.exchange.status = said.error;
  x.exchange.response_bytes = length;
  answer_at(x.exchange, time_ns);
  out.exchanged(std::move(x.exchange));
}

bool kafka_conversation::is_expected(int32_t correlation_id) const {
  for (const auto& x : waiting_)
    if (x.correlation_id == correlation_id)
      return true;
  return false;
}

void kafka_conversation::tell_unanswered(sink& out) {
  out.not_understood(unparsed::unanswered, waiting_.front().exchange.request_bytes);
  waiting_.pop_front();
}

void kafka_conversation::close(sink& out) {
  early_.refuse_all(out);
  while (!waiting_.empty())
    tell_unanswered(out);
}

std::unique_ptr<conversation> converse() {
  return std::make_unique<kafka_conversation>();
}

} // namespace

// Several requests or answers may share a send, and each is passed over by its length.
const protocol kafka_protocol{l7_protocol::kafka, classify, converse, 2048, 2048};

} // namespace troupe::l7
