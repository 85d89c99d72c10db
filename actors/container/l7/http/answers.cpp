// SPDX-License-Identifier: Apache-2.0
#include "actors/container/l7/http/classify.hpp"
#include "actors/container/l7/http/frame.hpp"
#include "actors/container/l7/http/http_conversation.hpp"
#include "actors/container/l7/http2/http2.hpp"
#include "actors/container/l7/pending_exchanges.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

namespace troupe::l7::http {

namespace {

bool has_method(const l7_exchange& exchange, std::string_view method) {
  const std::string_view operation = exchange.operation;
  return operation.substr(0, method.size()) == method && operation.size() > method.size()
         && operation[method.size()] == ' ';
}

} // namespace

void http_conversation::hear_server(const chunk& x, sink& out) {
  if (open_ && x.time_ns > open_->started_ns + open_->duration_ns + open_most_ns)
    tell_open(out);
  if (server_.at == place::rest) {
    server_.last_ns = x.time_ns;
    if (open_)
      open_->response_bytes += x.size;
    return;
  }
  in_step_ = in_step_ && (server_.last_ns > 0 || x.position == 0);
  if (!server_.take(x, out))
    answers_lost(out);
  bool goes_on = true;
  while (goes_on && server_.has_bytes()) {
    const bool in_chunks = server_.at == place::chunk_line || server_.at == place::trailer;
    goes_on = in_chunks ? read_answer_chunks(out) : read_answer(x, out);
  }
}

bool http_conversation::read_answer_chunks(sink& out) {
  uint64_t passed = 0;
  const auto result = server_.pass_chunks(passed, out);
  if (open_)
    open_->response_bytes += passed;
  if (result == direction::chunks::end)
    tell_open(out);
  else if (result == direction::chunks::lost)
    answers_lost(out);
  return result != direction::chunks::wait;
}

bool http_conversation::read_answer(const chunk& x, sink& out) {
  const auto bytes = server_.bytes();
  auto begins = begins_answer(bytes);
  if (begins == match::perhaps && server_.is_cut())
    begins = match::no;
  if (begins == match::no) {
    drop_answer(out);
    return false;
  }
  const auto length = head_length(bytes, server_.searched);
  if (!length && !server_.is_cut())
    return false;
  const auto* const request = order_.waiting();
  const auto head = interpret_answer(bytes.substr(0, length.value_or(bytes.size())),
                                     request != nullptr && has_method(*request, "HEAD"));
  if (!head) {
    drop_answer(out);
    return false;
  }
  if (head->is_interim() && length) {
    if (!server_.pass(*length, place::head, out))
      answers_lost(out);
  } else if (request == nullptr) {
    read_unasked(*head, out);
  } else if (!length) {
    read_cut_answer(*head, out);
  } else if (head->status == 101 || (head->status < 300 && has_method(*request, "CONNECT"))) {
    leave_http(*head, *length, x, out);
    return false;
  } else {
    pass_answer(*head, *length, out);
  }
  return true;
}

// Bytes that are no answer: the body of one whose end is not known, or nonsense. An answer may be
// among them.
void http_conversation::drop_answer(sink& out) {
  const bool is_adrift = server_.at == place::adrift;
  if (is_adrift && early_) {
    early_->bytes += server_.give_up(unparsed::unanswered);
    return;
  }
  server_.drop(is_adrift ? server_.adrift_because : unparsed::out_of_sync, out);
  answers_lost(out);
}

// Whether it has a body depends on the request.
void http_conversation::read_unasked(const answer_head& head, sink& out) {
  const auto began_ns = server_.time_ns();
  const auto total = server_.give_up(unparsed::unanswered);
  if (head.is_interim() || !in_step_ || !order_.is_sure() || early_) {
    forget_early(out);
    out.not_understood(unparsed::unanswered, total);
  } else {
    early_ = early_answer{head.status, began_ns, total};
  }
}

l7_exchange http_conversation::answered(const answer_head& head, uint64_t length) {
  auto result = *order_.answer();
  in_step_ = true;
  answer_at(result, server_.time_ns());
  result.status = head.status;
  result.outcome = outcome_of(head.status);
  result.response_bytes = length;
  return result;
}

void http_conversation::read_cut_answer(const answer_head& head, sink& out) {
  const auto seen = server_.bytes().size();
  if (head.is_interim()) {
    server_.drop(unparsed::not_captured, out);
  } else {
    auto exchange = answered(head, 0);
    const auto total = server_.give_up(unparsed::not_captured);
    exchange.response_bytes = total;
    out.not_understood(unparsed::not_captured, total - seen);
    out.exchanged(std::move(exchange));
  }
  answers_lost(out);
}

void http_conversation::pass_answer(const answer_head& head, uint64_t length, sink& out) {
  auto exchange = answered(head, length + head.content_length);
  bool is_whole = true;
  switch (head.ends) {
    case body::none:
    case body::counted:
      out.exchanged(std::move(exchange));
      is_whole = server_.pass(length + head.content_length, place::head, out);
      break;
    case body::chunked:
      open_ = std::move(exchange);
      is_whole = server_.pass(length, place::chunk_line, out);
      break;
    case body::unknown:
      exchange.response_bytes = server_.give_up(unparsed::not_captured);
      open_ = std::move(exchange);
      server_.at = place::rest;
      break;
  }
  if (!is_whole)
    answers_lost(out);
}

void http_conversation::leave_http(const answer_head& head, uint64_t length, const chunk& x,
                                   sink& out) {
  left_http_ = true;
  auto exchange = answered(head, length);
  if (head.status != 101 || !head.to_http2)
    return out.exchanged(std::move(exchange));
  // That is agreed to, and not yet answered.
  exchange.outcome = l7_outcome::unknown;
  exchange.status = 0;
  next_ = converse_http2_upgraded(std::move(exchange));
  const auto rest = server_.bytes().substr(length);
  const auto size = rest.size() + (x.size - std::min<uint64_t>(x.size, x.captured.size()));
  if (size > 0)
    next_->take(side::server, {x.time_ns, x.position + x.size - size, size, rest}, out);
}

void http_conversation::answers_lost(sink& out) {
  in_step_ = false;
  forget_early(out);
  tell_open(out);
  order_.answers_lost(out);
}

} // namespace troupe::l7::http
