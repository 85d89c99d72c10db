// SPDX-License-Identifier: Apache-2.0
#include "actors/container/l7/http/http.hpp"

#include "actors/container/l7/http/classify.hpp"
#include "actors/container/l7/http/http_conversation.hpp"
#include "actors/container/l7/http/interpret.hpp"
#include "actors/container/l7/http2/http2.hpp"

#include <utility>

namespace troupe::l7 {

namespace http {

void http_conversation::take(side from, const chunk& x, sink& out) {
  if (left_http_) {
    if (next_)
      next_->take(from, x, out);
  } else if (from == side::client) {
    hear_client(x, out);
  } else {
    hear_server(x, out);
  }
}

const protocol* http_conversation::changed_to() const {
  return next_ ? &http2_protocol : nullptr;
}

bool http_conversation::is_at_rest() const {
  return !left_http_ && !open_ && !early_ && client_.is_at_rest() && server_.is_at_rest()
         && order_.is_at_rest();
}

void http_conversation::close(sink& out) {
  tell_open(out);
  forget_early(out);
  order_.close(out);
  if (next_)
    next_->close(out);
}

void http_conversation::tell_open(sink& out) {
  if (open_)
    out.exchanged(std::move(*open_));
  open_.reset();
}

void http_conversation::forget_early(sink& out) {
  if (early_)
    out.not_understood(unparsed::unanswered, early_->bytes);
  early_.reset();
}

} // namespace http

namespace {

std::unique_ptr<conversation> converse() {
  return std::make_unique<http::http_conversation>();
}

} // namespace

// Heads that are common take a kilobyte; this is for those in a row, and for answers with small
// bodies in a row.
const protocol http_protocol{
    l7_protocol::http, http::classify,           converse,        16384, 16384, false, false,
    L7_TURNS_HTTP,     "GET / HTTP/1.1\r\n\r\n", http::outcome_of};

} // namespace troupe::l7
