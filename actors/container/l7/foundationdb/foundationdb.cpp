// SPDX-License-Identifier: Apache-2.0
#include "actors/container/l7/foundationdb/foundationdb.hpp"

#include "actors/container/l7/foundationdb/classify.hpp"
#include "actors/container/l7/foundationdb/frame.hpp"
#include "actors/container/l7/foundationdb/interpret.hpp"
#include "actors/container/l7/in_order.hpp"
#include "actors/container/l7/pending_exchanges.hpp"
#include "actors/container/l7/stream_reader.hpp"

#include <algorithm>
#include <deque>
#include <memory>
#include <optional>
#include <utility>

namespace troupe::l7 {
namespace {

using namespace foundationdb;

// Of a packet: the lists of places come first, then the message's own table, and where to answer
// to; keys and values are behind them.
constexpr uint64_t needed_max = 2048;
constexpr size_t requests_max = 1024;

/// Between servers either end may ask over a connection. Only what the client asks is looked at.
class foundationdb_conversation final : public conversation {
public:
  void take(side from, const chunk& x, sink& out) override;
  void close(sink& out) override;

private:
  struct direction {
    stream_reader reader;
    chunk_row row;
    bool is_begun = false;
    bool in_step = true;
  };
  struct request {
    token to;
    answer_tokens answers;
    l7_exchange exchange;
    bool is_ping = false;
  };

  bool read_one(side from, direction& x, sink& out);
  bool read_connect(direction& x, sink& out);
  bool lose(direction& x, unparsed reason, sink& out);
  void pass(direction& x, uint64_t length, sink& out);
  void asked(const packet& x, uint64_t time_ns, sink& out);
  void answered(const packet& x, uint64_t time_ns, sink& out);
  void not_found(const packet& x, uint64_t time_ns, sink& out);
  void give_up_first(sink& out);

  direction directions_[2]; ///< by side
  std::deque<request> waiting_;
  std::optional<size_t> checksum_bytes_;
};

void foundationdb_conversation::take(side from, const chunk& x, sink& out) {
  auto& spoken = directions_[static_cast<size_t>(from)];
  uint64_t lost = 0;
  if (!spoken.row.take(spoken.reader, x, lost)) {
    spoken.in_step = false;
    spoken.is_begun = true;
  }
  if (lost > 0)
    out.not_understood(unparsed::not_captured, lost);
  while (spoken.reader.has_bytes() && read_one(from, spoken, out)) {
  }
}

bool foundationdb_conversation::lose(direction& x, unparsed reason, sink& out) {
  x.in_step = false;
  out.not_understood(reason, x.reader.resynchronise());
  return false;
}

void foundationdb_conversation::pass(direction& x, uint64_t length, sink& out) {
  const auto lost = x.reader.pass(length);
  x.in_step = !x.reader.is_resumed();
  if (lost > 0)
    out.not_understood(unparsed::not_captured, lost);
}

/// What each end says first. A connection that does not begin with it is in its midst.
bool foundationdb_conversation::read_connect(direction& x, sink& out) {
  const auto connect = read_connect_packet(x.reader.bytes());
  if (connect && connect->bytes == 0 && !x.reader.is_cut())
    return false;
  x.is_begun = true;
  if (connect && connect->bytes > 0)
    pass(x, connect->bytes, out);
  else
    x.in_step = false;
  return true;
}

/// False where more has to come.
bool foundationdb_conversation::read_one(side from, direction& x, sink& out) {
  if (!x.is_begun)
    return read_connect(x, out);
  const auto bytes = x.reader.bytes();
  if (!x.in_step || !checksum_bytes_) {
    const auto found = find_checksum_bytes(bytes);
    if (!found || (checksum_bytes_ && found != checksum_bytes_)) {
      const bool may_come = x.in_step && !x.reader.is_cut() && bytes.size() < needed_max;
      return may_come ? false : lose(x, unparsed::out_of_sync, out);
    }
    checksum_bytes_ = found;
    x.in_step = true;
  }
  const auto said = read_packet(bytes, *checksum_bytes_);
  const auto wanted = said ? std::min(said->bytes, needed_max) : 64;
  if (bytes.size() < wanted && !x.reader.is_cut())
    return false;
  if (!said)
    return lose(x, x.reader.is_cut() ? unparsed::not_captured : unparsed::out_of_sync, out);
  if (from == side::client)
    asked(*said, x.reader.time_ns(), out);
  else
    answered(*said, x.reader.time_ns(), out);
  pass(x, said->bytes, out);
  return true;
}

void foundationdb_conversation::asked(const packet& x, uint64_t time_ns, sink& out) {
  if (!x.to.takes_requests() || x.to == endpoint_not_found)
    return; // It answers the server.
  request made;
  made.to = x.to;
  made.is_ping = x.to == ping;
  made.answers = find_answer_tokens(x.message);
  made.exchange.started_ns = time_ns;
  made.exchange.request_bytes = x.bytes;
  tell_request(x.type, made.exchange);
  if (made.answers.count == 0) { // Nobody answers, or it was not captured where to.
    if (!made.is_ping)
      out.exchanged(std::move(made.exchange));
    return;
  }
  if (waiting_.size() >= requests_max)
    give_up_first(out);
  waiting_.push_back(std::move(made));
}

void foundationdb_conversation::give_up_first(sink& out) {
  if (!waiting_.front().is_ping)
    out.not_understood(unparsed::unanswered, waiting_.front().exchange.request_bytes);
  waiting_.pop_front();
}

void foundationdb_conversation::answered(const packet& x, uint64_t time_ns, sink& out) {
  if (x.to == endpoint_not_found)
    return not_found(x, time_ns, out);
  const auto found = std::find_if(waiting_.begin(), waiting_.end(),
                                  [&x](const request& r) { return r.answers.has(x.to); });
  if (found == waiting_.end()) {
    if (!x.to.takes_requests()) // Otherwise the server asks, or goes on with a stream.
      out.not_understood(unparsed::unanswered, x.bytes);
    return;
  }
  auto exchange = std::move(found->exchange);
  const bool is_told = !found->is_ping;
  waiting_.erase(found);
  exchange.response_bytes = x.bytes;
  answer_at(exchange, time_ns);
  tell_answer(x, exchange);
  if (is_told)
    out.exchanged(std::move(exchange));
}

/// Whatever was asked of that endpoint has nobody to answer it.
void foundationdb_conversation::not_found(const packet& x, uint64_t time_ns, sink& out) {
  const auto missing = missing_endpoint(x.message);
  for (auto i = waiting_.begin(); i != waiting_.end();) {
    if (i->to != missing) {
      ++i;
      continue;
    }
    i->exchange.outcome = l7_outcome::failed;
    i->exchange.response_bytes = x.bytes;
    answer_at(i->exchange, time_ns);
    out.exchanged(std::move(i->exchange));
    i = waiting_.erase(i);
  }
}

void foundationdb_conversation::close(sink& out) {
  while (!waiting_.empty())
    give_up_first(out);
}

std::unique_ptr<conversation> converse() {
  return std::make_unique<foundationdb_conversation>();
}

} // namespace

// Requests of many transactions share a connection, and a send; so do their answers.
const protocol foundationdb_protocol{l7_protocol::foundationdb, classify, converse, 8192, 8192};

} // namespace troupe::l7
