// SPDX-License-Identifier: Apache-2.0
#include "actors/container/l7/dubbo/dubbo.hpp"

#include "actors/container/l7/dubbo/classify.hpp"
#include "actors/container/l7/dubbo/frame.hpp"
#include "actors/container/l7/dubbo/interpret.hpp"
#include "actors/container/l7/early_answers.hpp"
#include "actors/container/l7/pending_exchanges.hpp"
#include "actors/container/l7/stream_reader.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace troupe::l7 {
namespace {

using namespace dubbo;

/// Either end may call the other. Only calls of the client are looked at: a provider calls back
/// over the same connection, but has ids of its own.
class dubbo_conversation final : public conversation {
public:
  void take(side from, const chunk& x, sink& out) override;
  void close(sink& out) override {
    early_.refuse_all(out);
    waiting_.give_up(out);
  }

private:
  void called(const header& x, std::string_view message, sink& out);
  void answered(const header& x, std::string_view message, uint64_t time_ns, sink& out);

  stream_reader client_;
  stream_reader server_;
  pending_exchanges waiting_;
  early_answers early_;
};

void dubbo_conversation::take(side from, const chunk& x, sink& out) {
  auto& reader = from == side::client ? client_ : server_;
  const auto most =
      from == side::client ? dubbo_protocol.client_bytes : dubbo_protocol.server_bytes;
  auto lost = reader.take(x);
  while (reader.has_bytes()) {
    const auto bytes = reader.bytes();
    const auto found = read_header(bytes);
    if (!bytes.starts_with(magic.substr(0, bytes.size())) || (found && !is_lawful(*found, bytes))) {
      out.not_understood(unparsed::out_of_sync, reader.resynchronise());
      break;
    }
    const auto wanted = found ? std::min<uint64_t>(found->size(), most) : header_bytes;
    if (bytes.size() < wanted && !reader.is_cut())
      break;
    if (!found) {
      lost += reader.resynchronise();
      break;
    }
    const auto message = bytes.substr(0, static_cast<size_t>(found->size()));
    if (from == side::client && found->is_request)
      called(*found, message, out);
    else if (from == side::server && !found->is_request)
      answered(*found, message, server_.time_ns(), out);
    lost += reader.pass(found->size());
  }
  if (lost > 0)
    out.not_understood(unparsed::not_captured, lost);
}

void dubbo_conversation::called(const header& x, std::string_view message, sink& out) {
  if (client_.is_resumed()) // Those of the calls that are missing.
    early_.refuse_all(out);
  if (x.is_event)
    return;
  l7_exchange exchange;
  exchange.started_ns = client_.time_ns();
  exchange.request_bytes = x.size();
  tell_request(x, message, exchange);
  if (!x.wants_answer)
    return out.exchanged(std::move(exchange));
  const auto time_ns = exchange.started_ns;
  waiting_.add(x.id, std::move(exchange), out);
  if (const auto early = early_.take(x.id, time_ns, out))
    if (const auto said = read_header(early->bytes))
      answered(*said, early->bytes, early->time_ns, out);
}

void dubbo_conversation::answered(const header& x, std::string_view message, uint64_t time_ns,
                                  sink& out) {
  if (x.is_event)
    return;
  auto exchange = waiting_.take(x.id);
  if (!exchange)
    return early_.keep({x.id, time_ns, x.size(), std::string{message}}, out);
  exchange->response_bytes = x.size();
  answer_at(*exchange, time_ns);
  tell_answer(x, message, *exchange);
  out.exchanged(std::move(*exchange));
}

std::unique_ptr<conversation> converse() {
  return std::make_unique<dubbo_conversation>();
}

} // namespace

// Calls of many threads share a connection, and a send.
const protocol dubbo_protocol{l7_protocol::dubbo, classify, converse, 2048, 2048};

} // namespace troupe::l7
