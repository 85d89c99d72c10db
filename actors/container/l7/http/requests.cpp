// SPDX-License-Identifier: Apache-2.0
#include "actors/container/l7/http/classify.hpp"
#include "actors/container/l7/http/frame.hpp"
#include "actors/container/l7/http/http_conversation.hpp"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

namespace troupe::l7::http {

void http_conversation::hear_client(const chunk& x, sink& out) {
  in_step_ = in_step_ && (client_.last_ns > 0 || x.position == 0);
  const auto last_ns = std::max(client_.last_ns, server_.last_ns);
  silence_ns_ = x.time_ns > last_ns ? x.time_ns - last_ns : 0;
  if (!client_.take(x, out))
    requests_lost(out);
  bool with_another = false;
  bool goes_on = true;
  while (goes_on && client_.has_bytes()) {
    switch (client_.at) {
      case place::awaited_body:
        goes_on = read_awaited_body(out);
        break;
      case place::chunk_line:
      case place::trailer:
        goes_on = read_request_chunks(out);
        break;
      default:
        goes_on = read_request(with_another, out);
        with_another = true;
    }
  }
}

bool http_conversation::read_request(bool with_another, sink& out) {
  const auto bytes = client_.bytes();
  const bool is_adrift = client_.at == place::adrift;
  if (!is_adrift && (bytes[0] == '\r' || bytes[0] == '\n')) {
    // Empty lines before a request line are to be ignored (RFC 9112 §2.2).
    if (!client_.pass(1, place::head, out))
      requests_lost(out);
    return true;
  }
  auto begins = begins_request(bytes);
  // What a chunk begins with is looked at, not what may come of it with the next one.
  if (is_adrift && begins == match::perhaps && bytes.find(' ') == std::string_view::npos)
    begins = match::no;
  if (begins != match::no) {
    const auto length = head_length(bytes, client_.searched);
    if (!length && !client_.is_cut())
      return false;
    if (const auto head = interpret_request(bytes.substr(0, length.value_or(bytes.size())))) {
      if (!length) {
        read_cut_request(*head, with_another, out);
        return false;
      }
      auto request = to_exchange(*head);
      request.started_ns = client_.time_ns();
      const bool is_counted = head->ends == body::counted && !head->expects_continue;
      request.request_bytes = *length + (is_counted ? head->content_length : 0);
      ask(std::move(request), with_another, out);
      pass_request(*head, *length, out);
      return true;
    }
  }
  client_.drop(is_adrift ? client_.adrift_because : unparsed::out_of_sync, out);
  if (!is_adrift)
    requests_lost(out);
  return false;
}

// Where it ends, nobody knows.
void http_conversation::read_cut_request(const request_head& head, bool with_another, sink& out) {
  const auto seen = client_.bytes().size();
  auto request = to_exchange(head);
  request.started_ns = client_.time_ns();
  const auto total = client_.give_up(unparsed::not_captured);
  request.request_bytes = total;
  out.not_understood(unparsed::not_captured, total - seen);
  ask(std::move(request), with_another, out);
  requests_lost(out);
}

void http_conversation::pass_request(const request_head& head, uint64_t length, sink& out) {
  const bool has_body = head.ends == body::chunked || head.content_length > 0;
  const auto body_length = head.content_length; // `head` lies in what is passed.
  const auto ends = head.ends;
  bool is_whole = true;
  if (ends == body::unknown) {
    is_whole = client_.pass(length, place::adrift, out) && false;
    client_.adrift_because = unparsed::out_of_sync;
  } else if (has_body && head.expects_continue) {
    awaited_length_ = ends == body::chunked ? 0 : body_length;
    is_whole = client_.pass(length, place::awaited_body, out);
  } else if (ends == body::chunked) {
    is_whole = client_.pass(length, place::chunk_line, out);
  } else {
    is_whole = client_.pass(length + body_length, place::head, out);
  }
  if (!is_whole)
    requests_lost(out);
}

bool http_conversation::read_awaited_body(sink& out) {
  // Who was refused may leave the body out and ask for something else (RFC 9110 §10.1.1).
  auto* const request = order_.newest();
  const auto begins = request == nullptr ? begins_request(client_.bytes()) : match::no;
  if (begins == match::perhaps && !client_.is_cut())
    return false;
  if (begins == match::yes) {
    client_.at = place::head;
  } else if (awaited_length_ == 0) {
    client_.at = place::chunk_line;
  } else {
    if (request != nullptr)
      request->request_bytes += awaited_length_;
    if (!client_.pass(awaited_length_, place::head, out))
      requests_lost(out);
  }
  return true;
}

bool http_conversation::read_request_chunks(sink& out) {
  uint64_t passed = 0;
  const auto result = client_.pass_chunks(passed, out);
  if (auto* const request = order_.newest())
    request->request_bytes += passed;
  if (result == direction::chunks::lost)
    requests_lost(out);
  return result != direction::chunks::wait;
}

void http_conversation::ask(l7_exchange request, bool with_another, sink& out) {
  if (answer_early(request, out))
    return;
  const bool server_rests =
      server_.at == place::adrift || (server_.at == place::head && !server_.has_bytes());
  order_.ask(std::move(request), {with_another, server_rests, silence_ns_}, out);
}

bool http_conversation::answer_early(l7_exchange& request, sink& out) {
  if (!early_)
    return false;
  const bool belongs = order_.is_sure() && request.started_ns >= early_->time_ns
                       && request.started_ns - early_->time_ns <= early_most_ns;
  if (!belongs) {
    forget_early(out);
    return false;
  }
  request.status = early_->status;
  request.outcome = outcome_of(early_->status);
  request.response_bytes = early_->bytes;
  early_.reset();
  out.exchanged(std::move(request));
  return true;
}

void http_conversation::requests_lost(sink& out) {
  in_step_ = false;
  forget_early(out);
  order_.requests_lost();
}

} // namespace troupe::l7::http
