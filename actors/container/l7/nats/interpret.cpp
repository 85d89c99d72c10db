// SPDX-License-Identifier: Apache-2.0
#include "actors/container/l7/nats/interpret.hpp"

#include <algorithm>

namespace troupe::l7::nats {

namespace {

constexpr size_t trace_context_max = 128;

std::string_view trim(std::string_view text) {
  constexpr std::string_view blanks = " \t\r";
  const auto begin = text.find_first_not_of(blanks);
  if (begin == std::string_view::npos)
    return {};
  return text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

bool is_trace_context(std::string_view text) {
  return !text.empty() && text.size() <= trace_context_max
         && text.find_first_not_of("0123456789abcdefABCDEF-") == std::string_view::npos;
}

bool equals(std::string_view text, std::string_view lower_case) {
  return std::equal(text.begin(), text.end(), lower_case.begin(), lower_case.end(),
                    [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a - 'A' + 'a' : a) == b; });
}

// Headers are those of HTTP, behind a line "NATS/1.0".
std::string trace_context(std::string_view headers) {
  while (!headers.empty()) {
    const auto end = headers.find('\n');
    if (end == std::string_view::npos)
      break; // Its end is missing.
    const auto line = headers.substr(0, end);
    headers.remove_prefix(end + 1);
    const auto colon = line.find(':');
    if (colon == std::string_view::npos)
      continue;
    const auto name = line.substr(0, colon);
    const auto value = trim(line.substr(colon + 1));
    if ((equals(name, "traceparent") || equals(name, "b3")) && is_trace_context(value))
      return std::string{value};
  }
  return {};
}

std::string operation_of(std::string_view verb, std::string_view subject) {
  std::string result{verb};
  for (const std::string_view each : {"_INBOX.", "$JS.ACK."})
    if (subject.substr(0, each.size()) == each)
      return result.append(" ").append(each).append("*");
  result += ' ';
  return result.append(subject.substr(0, operation_bytes_max - result.size()));
}

} // namespace

l7_exchange to_exchange(const command& x, std::string_view headers) {
  const bool is_sent = x.says == verb::pub || x.says == verb::hpub;
  l7_exchange result;
  result.protocol = l7_protocol::nats;
  result.method = is_sent ? "produce" : "consume";
  result.subject = x.subject.substr(0, operation_bytes_max);
  result.operation = operation_of(is_sent ? "PUB" : "MSG", x.subject);
  result.traceparent = trace_context(headers);
  return result;
}

l7_exchange error_exchange(std::string_view text) {
  l7_exchange result;
  result.protocol = l7_protocol::nats;
  result.outcome = l7_outcome::failed;
  result.operation = "-ERR";
  result.detail = trim(text).substr(0, detail_bytes_max);
  // "Permissions Violation for Publish to ..." and "... for Subscription to ..."
  if (text.find("Publish") != std::string_view::npos)
    result.method = "produce";
  else if (text.find("Subscription") != std::string_view::npos)
    result.method = "consume";
  return result;
}

bool is_answered_again(const command& answer) {
  // What clients that are "pedantic" are told, once or twice, of a subject that they should not
  // publish to. It is published then.
  return answer.says == verb::err
         && answer.text.find("Invalid Publish Subject") != std::string_view::npos;
}

bool wants_answers(std::string_view connect) {
  constexpr std::string_view key = "\"verbose\"";
  const auto found = connect.find(key);
  if (found == std::string_view::npos)
    return true;
  const auto value = connect.find_first_not_of(" \t:", found + key.size());
  return value == std::string_view::npos || connect.substr(value, 5) != "false";
}

} // namespace troupe::l7::nats
