// SPDX-License-Identifier: Apache-2.0
#include "actors/container/l7/dns/queries.hpp"

#include "actors/container/l7/pending_exchanges.hpp"

#include <algorithm>
#include <string>
#include <utility>

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
  while (
      !waiting_.empty()
      && (waiting_.size() >= most || waiting_.front().exchange.started_ns + wait_most_ns < time_ns))
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

void queries::answer(const dns_message& message, uint64_t size, uint64_t time_ns, sink& out) {
  const auto found = std::find_if(waiting_.begin(), waiting_.end(), [&](const query& x) {
    return x.id == message.id
           && (!message.has_question
               || (x.question.type == message.question.type
                   && x.question.name == message.question.name));
  });
  if (found == waiting_.end()) {
    if (transfer_ != message.id) // A zone comes in many messages.
      out.not_understood(unparsed::unanswered, size);
    return;
  }
  auto exchange = std::move(found->exchange);
  const auto type = found->question.type;
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
