// SPDX-License-Identifier: Apache-2.0
#include "actors/container/l7/postgres/requests.hpp"

#include "actors/container/l7/postgres/interpret.hpp"

#include <algorithm>
#include <utility>

namespace troupe::l7::postgres {

uint64_t request_maker::wanted(const header& head) {
  const auto body = head.length - head.body;
  switch (head.type) {
    case 'Q':
    case 'P':
      return std::min<uint64_t>(body, detail_bytes_max);
    case 'B':
    case 'E':
    case 'C':
      return std::min<uint64_t>(body, 2 * prepared_statements::name_max);
    default:
      return 0;
  }
}

void request_maker::parse(std::string_view body, bool is_whole) {
  std::string_view name;
  std::string_view query;
  if (!take_string(body, name)) {
    parsed_ = nullptr;
    return;
  }
  const bool ended = take_string(body, query);
  parsed_ = statement_of(query, ended && is_whole);
  if (name.empty())
    unnamed_statement_ = parsed_;
  else
    statements_.remember(name, parsed_);
}

void request_maker::bind(std::string_view body) {
  std::string_view portal;
  std::string_view name;
  const bool known = take_string(body, portal) && take_string(body, name);
  statement bound;
  if (known)
    bound = name.empty() ? unnamed_statement_ : statements_.find(name);
  bound_ = bound;
  if (portal.empty() || !known)
    unnamed_portal_ = std::move(bound);
  else
    portals_.remember(portal, std::move(bound));
}

void request_maker::forget(std::string_view body) {
  const char what = body.empty() ? '\0' : body[0];
  std::string_view name;
  body.remove_prefix(std::min<size_t>(1, body.size()));
  if (!take_string(body, name) || name.empty())
    return;
  if (what == 'S')
    statements_.forget(name);
  else
    portals_.forget(name);
}

request_maker::statement request_maker::behind_portal(std::string_view body) const {
  std::string_view portal;
  if (!take_string(body, portal))
    return nullptr;
  return portal.empty() ? unnamed_portal_ : portals_.find(portal);
}

request request_maker::make(request::kind kind, const statement& shown) {
  request result;
  result.is = kind;
  result.exchange.protocol = l7_protocol::postgres;
  result.exchange.started_ns = std::exchange(began_ns_, 0);
  result.exchange.request_bytes = std::exchange(bytes_, 0);
  if (shown != nullptr) {
    result.exchange.operation = shown->operation;
    result.exchange.detail = shown->detail;
  }
  return result;
}

request request_maker::cut_off(uint64_t time_ns) {
  if (bytes_ == 0)
    began_ns_ = time_ns;
  has_parsed_ = false;
  return make(request::kind::execute, std::exchange(bound_, nullptr));
}

request request_maker::sync() {
  auto result = make(request::kind::sync, has_parsed_ ? parsed_ : nullptr);
  result.has_parsed = std::exchange(has_parsed_, false);
  parsed_ = nullptr;
  return result;
}

std::optional<request> request_maker::take(const header& head, std::string_view body,
                                           uint64_t time_ns) {
  if (bytes_ == 0)
    began_ns_ = time_ns;
  bytes_ += head.length;
  const auto whole = body.size() >= head.length - head.body;
  switch (head.type) {
    case 'P':
      parse(body, whole);
      has_parsed_ = true;
      return std::nullopt;
    case 'B':
      bind(body);
      return std::nullopt;
    case 'C':
      forget(body);
      return std::nullopt;
    case 'D':
      return std::nullopt;
    case 'E':
      has_parsed_ = false;
      bound_ = nullptr;
      return make(request::kind::execute, behind_portal(body));
    case 'S':
      return sync();
    case 'Q': {
      std::string_view query;
      const bool ended = take_string(body, query);
      return make(request::kind::query, statement_of(query, ended && whole));
    }
    case 'F': {
      auto call = make(request::kind::function, nullptr);
      call.exchange.operation = "CALL";
      return call;
    }
    default: // Flush, startup, passwords, the data of a COPY.
      bytes_ = 0;
      return std::nullopt;
  }
}

} // namespace troupe::l7::postgres
