// SPDX-License-Identifier: Apache-2.0
#include "actors/container/l7/redis/redis.hpp"

#include "actors/container/l7/in_order.hpp"
#include "actors/container/l7/pending_exchanges.hpp"
#include "actors/container/l7/redis/classify.hpp"
#include "actors/container/l7/redis/interpret.hpp"

#include <deque>
#include <utility>

namespace troupe::l7 {

namespace {

using redis::command;
using redis::effect;
using redis::progress;
using redis::reply;

struct request {
  l7_exchange exchange;
  effect does = effect::none;
  uint64_t arguments = 0;
};

class redis_conversation final : public conversation {
public:
  void take(side from, const chunk& x, sink& out) override {
    if (replicating_)
      out.not_understood(unparsed::out_of_sync, x.size);
    else if (from == side::client)
      take_requests(x, out);
    else
      take_replies(x, out);
  }

  void close(sink& out) override;

  [[nodiscard]] bool is_over() const override { return replicating_; }

private:
  void take_requests(const chunk& x, sink& out);
  void take_replies(const chunk& x, sink& out);
  void on_command(command& x, sink& out);
  void on_reply(const reply& x, sink& out);
  [[nodiscard]] bool is_pushed(const reply& x) const;
  bool on_confirmation(const reply& x, sink& out);
  void answer(const reply& x, sink& out);
  void answer_early(sink& out);
  void refuse_early(sink& out);
  [[nodiscard]] bool is_unseen() const { return unseen_ns_ != 0 && requests_.are_requests_lost(); }
  [[nodiscard]] request unseen() const;
  bool begins_replication(sink& out);

  stream_reader client_;
  stream_reader server_;
  chunk_row client_row_;
  chunk_row server_row_;
  redis::command_reader commands_;
  redis::reply_reader replies_;
  in_order<request> requests_;
  /// When the client sent more commands than were captured, until they are answered; 0: it did not.
  uint64_t unseen_ns_ = 0;
  /// That we heard of before their commands.
  std::deque<reply> early_;
  static constexpr size_t early_max = 64;
  uint64_t confirmations_ = 0; ///< that are still to come for the one that was answered last
  bool subscribed_ = false;    ///< in RESP2, where messages look like answers
  bool monitoring_ = false;
  bool replicating_ = false;
  bool reply_off_ = false;
  bool reply_skip_ = false;
};

void redis_conversation::take_requests(const chunk& x, sink& out) {
  if (!early_.empty() && requests_.is_stale(early_.back().time_ns, x.time_ns))
    refuse_early(out);
  requests_.client_speaks(out);
  uint64_t lost = 0;
  bool whole = client_row_.take(client_, x, lost);
  if (!whole || !requests_.are_requests_lost())
    unseen_ns_ = 0;
  while (true) {
    if (!whole)
      requests_.requests_lost();
    const auto before = lost;
    const auto result = commands_.read(client_, lost);
    if (result == progress::done)
      on_command(commands_.current(), out);
    whole = lost == before;
    if (!whole)
      unseen_ns_ = x.time_ns;
    if (result == progress::invalid) {
      out.not_understood(unparsed::out_of_sync, client_.resynchronise());
      requests_.requests_lost();
    }
    if (result != progress::done)
      break;
  }
  answer_early(out);
  if (!whole)
    requests_.requests_lost();
  if (lost > 0)
    out.not_understood(unparsed::not_captured, lost);
}

void redis_conversation::on_command(command& x, sink& out) {
  const auto does = effect_of(x);
  request made{{}, does, x.arguments};
  made.exchange.protocol = l7_protocol::redis;
  made.exchange.started_ns = x.time_ns;
  made.exchange.request_bytes = x.bytes;
  made.exchange.operation = std::move(x.name);
  made.exchange.detail = std::move(x.text);
  if (does == effect::reply_on)
    reply_off_ = false;
  const bool silent =
      reply_off_ || reply_skip_ || does == effect::reply_off || does == effect::reply_skip;
  reply_skip_ = does == effect::reply_skip;
  reply_off_ = reply_off_ || does == effect::reply_off;
  if (silent) // The client wants no answer: nobody will know.
    out.exchanged(std::move(made.exchange));
  else if (!is_unseen()) // Else its answer is one of those that nobody can tell apart.
    requests_.add(std::move(made), out);
}

void redis_conversation::take_replies(const chunk& x, sink& out) {
  requests_.server_speaks();
  uint64_t lost = 0;
  if (!server_row_.take(server_, x, lost))
    requests_.answers_lost();
  while (!replicating_ && !requests_.are_answers_lost()) {
    if (begins_replication(out))
      break;
    const auto before = lost;
    const auto result = replies_.read(server_, lost);
    if (result == progress::done)
      on_reply(replies_.current(), out);
    if (result == progress::invalid)
      out.not_understood(unparsed::out_of_sync, server_.resynchronise());
    if (result == progress::invalid || lost != before)
      requests_.answers_lost();
    if (result != progress::done)
      break;
  }
  if (requests_.are_answers_lost()) {
    replies_.forget();
    lost += server_.resynchronise();
  }
  if (lost > 0)
    out.not_understood(unparsed::not_captured, lost);
}

// SYNC and PSYNC are answered by a copy of the data, unless by an error.
bool redis_conversation::begins_replication(sink& out) {
  const auto* first = requests_.first();
  if (first == nullptr || first->does != effect::replicates || !server_.has_bytes())
    return false;
  const char begin = server_.bytes()[0];
  if (begin == '-' || begin == '\n')
    return false;
  auto exchange = requests_.take_first().exchange;
  answer_at(exchange, server_.time_ns());
  exchange.outcome = l7_outcome::ok;
  out.exchanged(std::move(exchange));
  out.not_understood(unparsed::out_of_sync, server_.resynchronise());
  replicating_ = true;
  return true;
}

bool redis_conversation::is_pushed(const reply& x) const {
  if (x.type == '>' || (monitoring_ && x.monitored))
    return true;
  return x.type == '*' && (subscribed_ || requests_.empty()) && redis::is_message(x.kind);
}

void redis_conversation::on_reply(const reply& x, sink& out) {
  const bool listed = x.type == '*' || x.type == '>';
  if (listed && redis::is_confirmation(x.kind) && on_confirmation(x, out))
    return;
  if (!is_pushed(x))
    answer(x, out);
}

// One for each channel: the first answers the request.
bool redis_conversation::on_confirmation(const reply& x, sink& out) {
  const auto* first = requests_.first();
  const bool answers = confirmations_ == 0 && first != nullptr && first->does == effect::subscribes
                       && redis::confirms(x.kind, first->exchange.operation);
  if (!answers && confirmations_ == 0 && !subscribed_)
    return false;
  const bool in_resp2 = x.type == '*';
  subscribed_ = in_resp2 && x.integer != 0;
  if (answers) {
    confirmations_ = first->arguments;
    answer(x, out);
  }
  confirmations_ -= confirmations_ > 0 ? 1 : 0;
  return true;
}

// Each answer is to one command, also where that was not captured: it has no name.
request redis_conversation::unseen() const {
  request result;
  result.exchange.protocol = l7_protocol::redis;
  result.exchange.started_ns = unseen_ns_;
  return result;
}

void redis_conversation::answer_early(sink& out) {
  while (!early_.empty() && !requests_.empty()) {
    const auto x = std::move(early_.front());
    early_.pop_front();
    on_reply(x, out);
  }
  if (requests_.are_requests_lost()) // Theirs may be among them.
    refuse_early(out);
}

void redis_conversation::refuse_early(sink& out) {
  for (const auto& x : early_)
    out.not_understood(unparsed::unanswered, x.bytes);
  early_.clear();
}

void redis_conversation::close(sink& out) {
  refuse_early(out);
  requests_.close(out);
}

void redis_conversation::answer(const reply& x, sink& out) {
  if (early_.size() < early_max && requests_.waits_for_request())
    return early_.push_back(x);
  if (requests_.empty() && !is_unseen())
    return out.not_understood(unparsed::unanswered, x.bytes);
  auto [exchange, does, arguments] = requests_.empty() ? unseen() : requests_.take_first();
  const bool failed = redis::is_error(x);
  if (does == effect::monitors)
    monitoring_ = monitoring_ || !failed;
  if (does == effect::resets && !failed)
    subscribed_ = monitoring_ = false;
  answer_at(exchange, x.time_ns);
  exchange.response_bytes = x.bytes;
  exchange.outcome = failed ? l7_outcome::failed : l7_outcome::ok;
  out.exchanged(std::move(exchange));
}

} // namespace

const protocol redis_protocol{
    l7_protocol::redis, redis::classify,
    []() -> std::unique_ptr<conversation> { return std::make_unique<redis_conversation>(); }, 32768,
    32768};

} // namespace troupe::l7
