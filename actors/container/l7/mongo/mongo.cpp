// SPDX-License-Identifier: Apache-2.0
#include "actors/container/l7/mongo/mongo.hpp"

#include "actors/container/l7/early_answers.hpp"
#include "actors/container/l7/mongo/classify.hpp"
#include "actors/container/l7/mongo/frame.hpp"
#include "actors/container/l7/mongo/interpret.hpp"
#include "actors/container/l7/pending_exchanges.hpp"
#include "actors/container/l7/stream_reader.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace troupe::l7 {
namespace {

using namespace mongo;

/// Of a message. A command's name and collection stand at its beginning; "ok" stands at an answer's
/// end, unless it is an error.
constexpr uint64_t needed_max = stream_reader::buffer_max / 2;

class mongo_conversation final : public conversation {
public:
  void take(side from, const chunk& x, sink& out) override;
  void close(sink& out) override {
    early_.refuse_all(out);
    waiting_.give_up(out);
  }

private:
  struct direction {
    stream_reader reader;
    bool is_begun = false;
  };

  void requested(const header& x, std::string_view message, sink& out);
  void answered(const header& x, std::string_view message, uint64_t time_ns, sink& out);

  direction client_;
  direction server_;
  pending_exchanges waiting_;
  early_answers early_;
  /// Of the last answer that others follow: they answer to it, instead of to a request.
  std::optional<uint32_t> streamed_;
};

void mongo_conversation::take(side from, const chunk& x, sink& out) {
  auto& d = from == side::client ? client_ : server_;
  auto lost = d.reader.take(x);
  while (d.reader.has_bytes()) {
    const auto bytes = d.reader.bytes();
    const auto found = read_header(bytes);
    const auto is_sure = d.is_begun && !d.reader.is_resumed();
    // What cannot be told yet, or was not captured, is no reason to disbelieve the header.
    if (found
        && (!is_lawful(*found, from) || (!is_sure && !is_likely(*found, bytes).value_or(true)))) {
      out.not_understood(unparsed::out_of_sync, d.reader.resynchronise());
      break;
    }
    const auto wanted = found ? std::min<uint64_t>(found->length, needed_max) : header_bytes;
    if (bytes.size() < wanted) {
      if (!d.reader.is_cut())
        break;
      if (!found) {
        lost += d.reader.resynchronise();
        break;
      }
    }
    d.is_begun = true;
    const auto message = bytes.substr(0, found->length);
    if (from == side::client)
      requested(*found, message, out);
    else
      answered(*found, message, server_.reader.time_ns(), out);
    lost += d.reader.pass(found->length);
  }
  if (lost > 0)
    out.not_understood(unparsed::not_captured, lost);
}

void mongo_conversation::requested(const header& x, std::string_view message, sink& out) {
  l7_exchange exchange;
  exchange.started_ns = client_.reader.time_ns();
  exchange.request_bytes = x.length;
  const auto time_ns = exchange.started_ns;
  if (!tell_request(x, message, exchange)) // Nobody will say what became of it.
    return out.exchanged(std::move(exchange));
  waiting_.add(x.request_id, std::move(exchange), out);
  if (const auto early = early_.take(x.request_id, time_ns, out))
    if (const auto said = read_header(early->bytes))
      answered(*said, early->bytes, early->time_ns, out);
}

void mongo_conversation::answered(const header& x, std::string_view message, uint64_t time_ns,
                                  sink& out) {
  const auto is_streamed = streamed_ && *streamed_ == x.response_to;
  if (is_streamed)
    streamed_.reset();
  if (has_more(x, message))
    streamed_ = x.request_id;
  if (is_streamed)
    return;
  auto exchange = waiting_.take(x.response_to);
  if (!exchange)
    return early_.keep({x.response_to, time_ns, x.length, std::string{message}}, out);
  exchange->response_bytes = x.length;
  answer_at(*exchange, time_ns);
  tell_answer(x, message, *exchange);
  out.exchanged(std::move(*exchange));
}

std::unique_ptr<conversation> converse() {
  return std::make_unique<mongo_conversation>();
}

} // namespace

// Writes that nobody confirms come in rows.
const protocol mongo_protocol{l7_protocol::mongo, classify, converse, 16384, 16384};

} // namespace troupe::l7
