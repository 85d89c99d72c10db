// SPDX-License-Identifier: Apache-2.0
#include "actors/console/l7_filter.hpp"

#include "actors/console/escape.hpp"
#include "actors/console/nearest.hpp"
#include "actors/container/l7/protocols.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace troupe {

namespace {

constexpr std::array outcomes{l7_outcome::ok, l7_outcome::failed, l7_outcome::unknown};

constexpr std::array<std::pair<std::string_view, double>, 4> time_units{
    {{"us", 1e3}, {"ms", 1e6}, {"s", 1e9}, {"m", 6e10}}};

bool is_http(l7_protocol protocol) {
  return protocol == l7_protocol::http || protocol == l7_protocol::http2;
}

std::vector<l7_protocol> understood_protocols() {
  std::vector<l7_protocol> understood{l7_protocol::grpc}; // HTTP/2, until one looks at a request.
  for (const auto* protocol : l7::protocols())
    understood.push_back(protocol->name);
  std::sort(understood.begin(), understood.end());
  return understood;
}

std::optional<l7_protocol> find_protocol(std::string_view name, std::string& error) {
  for (const auto protocol : understood_protocols())
    if (name == to_string(protocol))
      return protocol;
  const auto known = protocol_names();
  error = fmt::format("--protocol '{}': unknown protocol{}; known: {}", escape_for_terminal(name),
                      did_you_mean(name, known), fmt::join(known, ", "));
  return std::nullopt;
}

std::optional<l7_status_condition> find_status(std::string_view text, std::string& error) {
  for (const auto outcome : outcomes)
    if (text == to_string(outcome))
      return l7_status_condition{outcome, 0, 0, false};
  if (text.size() == 3 && text.ends_with("xx") && text[0] >= '1' && text[0] <= '5') {
    const int first = 100 * (text[0] - '0');
    return l7_status_condition{std::nullopt, first, first + 99, true};
  }
  int code = 0;
  const auto* end = text.data() + text.size();
  const auto [rest, failure] = std::from_chars(text.data(), end, code);
  if (!text.empty() && failure == std::errc{} && rest == end)
    return l7_status_condition{std::nullopt, code, code, false};
  error = fmt::format("--status '{}': write a code like 404, a class like 5xx, ok, failed or "
                      "unknown",
                      escape_for_terminal(text));
  return std::nullopt;
}

std::optional<uint64_t> find_duration(std::string_view text, std::string& error) {
  double amount = 0;
  const auto* end = text.data() + text.size();
  const auto [rest, failure] = std::from_chars(text.data(), end, amount, std::chars_format::fixed);
  const std::string_view unit{rest, static_cast<size_t>(end - rest)};
  if (failure == std::errc{} && amount >= 0 && amount <= 1e6)
    for (const auto& [name, ns] : time_units)
      if (unit == name)
        return static_cast<uint64_t>(amount * ns);
  error = fmt::format("--min-duration '{}': write a time with its unit, like 500us, 100ms or 2s",
                      escape_for_terminal(text));
  return std::nullopt;
}

bool fulfils(const l7_exchange& exchange, const l7_status_condition& condition) {
  if (condition.outcome)
    return exchange.outcome == *condition.outcome;
  return has_code(exchange) && exchange.status >= condition.least
         && exchange.status <= condition.most
         && (!condition.http_only || is_http(exchange.protocol));
}

} // namespace

std::vector<std::string> protocol_names() {
  std::vector<std::string> names;
  for (const auto protocol : understood_protocols())
    names.emplace_back(to_string(protocol));
  return names;
}

bool has_code(const l7_exchange& exchange) {
  if (exchange.outcome == l7_outcome::unknown)
    return false;
  return exchange.status != 0 || exchange.protocol == l7_protocol::grpc
         || exchange.protocol == l7_protocol::dns;
}

bool l7_filter::matches(const l7_exchange& exchange) const {
  if (exchange.duration_ns < min_duration_ns)
    return false;
  if (!protocols.empty()
      && std::find(protocols.begin(), protocols.end(), exchange.protocol) == protocols.end())
    return false;
  return statuses.empty()
         || std::any_of(statuses.begin(), statuses.end(),
                        [&](const auto& condition) { return fulfils(exchange, condition); });
}

std::optional<l7_filter> read_l7_filter(const l7_filter_texts& texts, std::string& error) {
  l7_filter result;
  for (const auto& name : texts.protocols) {
    const auto protocol = find_protocol(name, error);
    if (!protocol)
      return std::nullopt;
    result.protocols.push_back(*protocol);
  }
  for (const auto& text : texts.statuses) {
    const auto condition = find_status(text, error);
    if (!condition)
      return std::nullopt;
    result.statuses.push_back(*condition);
  }
  if (!texts.min_duration.empty()) {
    const auto duration = find_duration(texts.min_duration, error);
    if (!duration)
      return std::nullopt;
    result.min_duration_ns = *duration;
  }
  return result;
}

} // namespace troupe
