// SPDX-License-Identifier: Apache-2.0
#include "actors/container/l7/dns/queries.hpp"

#include "actors/container/l7/pending_exchanges.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace troupe::l7::dns {

namespace {

// "CNAME web.example, A 192.0.2.1", as many as there is room for.
std::string answers_text(const dns_message& message) {
  std::string result;
  for (const auto& x : message.answers) {
    auto text = type_name(x.type);
    if (x.type == type_a || x.type == type_aaaa)
      text.append(" ").append(address_text(x.address));
    else if (x.type == type_cname)
      text.append(" ").append(x.target);
    if (result.size() + 2 + text.size() > detail_bytes_max)
      break;
    result.append(result.empty() ? "" : ", ").append(text);
  }
  return result;
}

// Records that are not reached from the name that was asked for say nothing of it.
void tell_addresses(const std::string& asked, const dns_message& message, sink& out) {
  std::vector<std::string_view> names{asked};
  const auto is_named = [&names](std::string_view x) {
    return std::find(names.begin(), names.end(), x) != names.end();
  };
  for (size_t before = 0; before != names.size();) {
    before = names.size();
    for (const auto& x : message.answers)
      if (x.type == type_cname && is_named(x.name) && !is_named(x.target))
        names.push_back(x.target);
  }
  for (const auto& x : message.answers)
    if ((x.type == type_a || x.type == type_aaaa) && is_named(x.name))
      out.resolved(asked, x.address);
}

// What is asked for; of secondary servers and DHCP servers, what they want to be done.
std::string verb(const dns_message& message) {
  if (message.opcode == opcode_notify)
    return "NOTIFY";
  return message.opcode == opcode_update ? "UPDATE" : type_name(message.question.type);
}

} // namespace

bool queries::take(std::string_view captured, uint64_t size, uint64_t time_ns, sink& out) {
  auto message = parse_dns_message(captured);
  if (!message)
    return false;
  if (message->is_response)
    answer(*message, size, time_ns, out);
  else
    ask(*message, size, time_ns, out);
  return true;
}

void queries::tell_first(sink& out) {
  out.exchanged(std::move(waiting_.front().exchange));
  waiting_.pop_front();
}

void queries::ask(dns_message& message, uint64_t size, uint64_t time_ns, sink& out) {
  expire(time_ns, out);
  while (waiting_.size() >= most)
    tell_first(out);
  l7_exchange exchange;
  exchange.protocol = l7_protocol::dns;
  exchange.started_ns = time_ns;
  exchange.request_bytes = size;
  exchange.method = type_name(message.question.type);
  exchange.subject = message.question.name.substr(0, operation_bytes_max);
  exchange.operation = (verb(message) + " " + exchange.subject).substr(0, operation_bytes_max);
  waiting_.push_back({message.id, std::move(message.question), std::move(exchange)});
}

std::deque<queries::query>::const_iterator queries::find(const dns_message& answer) const {
  return std::find_if(waiting_.begin(), waiting_.end(), [&](const query& x) {
    return x.id == answer.id
           && (!answer.has_question
               || (x.question.type == answer.question.type
                   && x.question.name == answer.question.name));
  });
}

bool queries::awaits(std::string_view captured) const {
  const auto message = parse_dns_message(captured);
  return message && message->is_response && find(*message) != waiting_.end();
}

void queries::expire(uint64_t now_ns, sink& out) {
  while (!waiting_.empty() && waiting_.front().exchange.started_ns + wait_most_ns < now_ns)
    tell_first(out);
}

void queries::answer(const dns_message& message, uint64_t size, uint64_t time_ns, sink& out) {
  const auto known = find(message);
  if (known == waiting_.end()) {
    if (transfer_ != message.id) // A zone comes in many messages.
      out.not_understood(unparsed::unanswered, size);
    return;
  }
  const auto found = waiting_.begin() + (known - waiting_.cbegin());
  auto exchange = std::move(found->exchange);
  const auto type = found->question.type;
  if (message.rcode == 0)
    tell_addresses(found->question.name, message, out);
  transfer_.reset();
  if (type == type_axfr || type == type_ixfr)
    transfer_ = message.id;
  waiting_.erase(found);
  answer_at(exchange, time_ns);
  exchange.response_bytes = size;
  exchange.status = message.rcode;
  exchange.outcome = message.rcode == 0 ? l7_outcome::ok : l7_outcome::failed;
  exchange.detail = answers_text(message);
  out.exchanged(std::move(exchange));
}

void queries::close(sink& out) {
  while (!waiting_.empty())
    tell_first(out);
}

} // namespace troupe::l7::dns
