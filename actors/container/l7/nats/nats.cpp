// SPDX-License-Identifier: Apache-2.0
#include "actors/container/l7/nats/nats.hpp"

#include "actors/container/l7/nats/classify.hpp"
#include "actors/container/l7/nats/frame.hpp"
#include "actors/container/l7/nats/interpret.hpp"
#include "actors/container/l7/pending_exchanges.hpp"
#include "actors/container/l7/stream_reader.hpp"

#include <memory>
#include <string_view>
#include <utility>

namespace troupe::l7 {

namespace nats {
namespace {

// Headers that are longer are not waited for.
constexpr uint64_t headers_max = 4096;
constexpr char tls_handshake = 0x16;

class nats_conversation final : public conversation {
public:
  void take(side from, const chunk& x, sink& out) override;
  void close(sink& out) override { lose_order(out); }
  [[nodiscard]] bool is_over() const override { return is_over_; }

private:
  struct direction {
    stream_reader reader;
    bool begun = false;
    bool in_step = true; ///< what comes next is the beginning of a line
  };
  /// Whether the server answers each line of the client, with +OK or -ERR in their order.
  enum class answers : uint8_t { unknown, each, none };

  bool read_message(side from, direction& x, sink& out);
  bool find_step(side from, direction& x, sink& out);
  void understand(const command& x, std::string_view headers, uint64_t time_ns, sink& out);
  void publish(l7_exchange exchange, sink& out);
  void expect_answer(l7_exchange exchange, sink& out);
  void answer(const command& x, uint64_t time_ns, sink& out);
  void lose_order(sink& out);

  direction directions_[2]; ///< by side
  /// In the order of their answers. What is no message has no operation.
  pending_exchanges pending_;
  answers given_ = answers::unknown;
  bool is_over_ = false;
};

void nats_conversation::take(side from, const chunk& x, sink& out) {
  auto& spoken = directions_[static_cast<size_t>(from)];
  const bool is_first = !std::exchange(spoken.begun, true);
  if (const auto lost = spoken.reader.take(x); lost > 0)
    out.not_understood(unparsed::not_captured, lost);
  if (spoken.in_step && (spoken.reader.is_resumed() || (is_first && x.position > 0))) {
    spoken.in_step = false;
    lose_order(out);
  }
  while (spoken.reader.has_bytes() && read_message(from, spoken, out)) {
  }
}

// False where more has to come.
bool nats_conversation::read_message(side from, direction& x, sink& out) {
  if (!x.in_step && !find_step(from, x, out))
    return false;
  const auto bytes = x.reader.bytes();
  command said;
  const auto framed = read_command(from, bytes, said);
  const bool is_waiting =
      framed == framing::need_more
      || (said.header_bytes <= headers_max && said.line + said.header_bytes > bytes.size());
  if (framed != framing::invalid && is_waiting && !x.reader.is_cut())
    return false;
  if (framed != framing::whole) {
    is_over_ = is_over_ || (from == side::client && bytes.front() == tls_handshake);
    x.in_step = false;
    const auto reason = framed == framing::invalid ? unparsed::out_of_sync : unparsed::not_captured;
    out.not_understood(reason, x.reader.resynchronise());
    lose_order(out);
    return false;
  }
  understand(said, bytes.substr(said.line, static_cast<size_t>(said.header_bytes)),
             x.reader.time_ns(), out);
  if (const auto lost = x.reader.pass(said.line + said.payload); lost > 0)
    out.not_understood(unparsed::not_captured, lost);
  if (x.reader.is_resumed()) {
    x.in_step = false;
    lose_order(out);
  }
  return true;
}

// Bytes were lost: what is there begins a line, or somewhere in it a message begins for sure.
bool nats_conversation::find_step(side from, direction& x, sink& out) {
  command said;
  const auto framed = read_command(from, x.reader.bytes(), said);
  if (framed == framing::need_more && !x.reader.is_cut())
    return false;
  const auto found = framed == framing::whole ? 0 : find_message(from, x.reader.bytes());
  if (found == std::string_view::npos) {
    out.not_understood(unparsed::not_captured, x.reader.resynchronise());
    return false;
  }
  if (found > 0) {
    out.not_understood(unparsed::not_captured, found);
    x.reader.pass(found);
  }
  x.in_step = true;
  return true;
}

void nats_conversation::understand(const command& x, std::string_view headers, uint64_t time_ns,
                                   sink& out) {
  switch (x.says) {
    case verb::connect:
      given_ = wants_answers(x.text) ? answers::each : answers::none;
      expect_answer({}, out);
      break;
    case verb::sub:
    case verb::unsub:
      expect_answer({}, out);
      break;
    case verb::pub:
    case verb::hpub:
    case verb::msg:
    case verb::hmsg: {
      auto exchange = to_exchange(x, headers);
      const bool is_sent = exchange.method == "produce";
      exchange.started_ns = time_ns;
      (is_sent ? exchange.request_bytes : exchange.response_bytes) = x.line + x.payload;
      if (is_sent)
        return publish(std::move(exchange), out);
      exchange.outcome = l7_outcome::ok; // It was delivered.
      out.exchanged(std::move(exchange));
      break;
    }
    case verb::ok:
    case verb::err:
      answer(x, time_ns, out);
      break;
    case verb::info:
    case verb::ping:
    case verb::pong:
      break;
  }
}

void nats_conversation::publish(l7_exchange exchange, sink& out) {
  if (given_ == answers::each)
    expect_answer(std::move(exchange), out);
  else
    out.exchanged(std::move(exchange)); // Nobody will say what became of it.
}

void nats_conversation::expect_answer(l7_exchange exchange, sink& out) {
  if (pending_.size() >= pending_exchanges::most)
    lose_order(out);
  if (given_ == answers::each)
    pending_.add(0, std::move(exchange), out);
  else if (!exchange.operation.empty())
    out.exchanged(std::move(exchange));
}

void nats_conversation::answer(const command& x, uint64_t time_ns, sink& out) {
  if (auto* const first = pending_.first(); first != nullptr && is_answered_again(x)) {
    answer_at(*first, time_ns);
    first->outcome = l7_outcome::failed;
    first->detail = error_exchange(x.text).detail;
    first->response_bytes += x.line;
    return;
  }
  auto exchange = pending_.take_first();
  if (!exchange) {
    if (x.says == verb::ok)
      return;
    auto error = error_exchange(x.text);
    error.started_ns = time_ns;
    error.response_bytes = x.line;
    return out.exchanged(std::move(error));
  }
  if (exchange->operation.empty() && x.says == verb::ok)
    return;
  if (exchange->operation.empty()) {
    exchange = error_exchange(x.text);
    exchange->started_ns = time_ns;
  } else if (exchange->outcome == l7_outcome::unknown) {
    answer_at(*exchange, time_ns);
    exchange->outcome = x.says == verb::ok ? l7_outcome::ok : l7_outcome::failed;
    if (x.says == verb::err)
      exchange->detail = error_exchange(x.text).detail;
  }
  exchange->response_bytes += x.line;
  out.exchanged(std::move(*exchange));
}

// Nobody knows any more which answer belongs to which line: messages are told without.
void nats_conversation::lose_order(sink& out) {
  while (auto exchange = pending_.take_first())
    if (!exchange->operation.empty())
      out.exchanged(std::move(*exchange));
  given_ = given_ == answers::none ? answers::none : answers::unknown;
}

std::unique_ptr<conversation> converse() {
  return std::make_unique<nats_conversation>();
}

} // namespace
} // namespace nats

// Both sides gather small messages into large sends, and all of their lines are needed: as much as
// the kernel captures (L7_CAPTURE_MAX).
const protocol nats_protocol{l7_protocol::nats, nats::classify, nats::converse, 1024, 1024};

} // namespace troupe::l7
