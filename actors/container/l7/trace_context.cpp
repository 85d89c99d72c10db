// SPDX-License-Identifier: Apache-2.0
#include "actors/container/l7/trace_context.hpp"

#include <algorithm>

namespace troupe::l7 {

namespace {

constexpr size_t span_digits = 16;
constexpr size_t trace_digits = 32;
constexpr size_t traceparent_length = 55;

/// B3 allows upper case, W3C does not.
bool are_hex(std::string_view text, bool upper_case) {
  return std::all_of(text.begin(), text.end(), [=](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (upper_case && c >= 'A' && c <= 'F');
  });
}

/// An id of zeros is none, in both.
bool is_id(std::string_view text, size_t digits, bool upper_case) {
  return text.size() == digits && are_hex(text, upper_case)
         && text.find_first_not_of('0') != std::string_view::npos;
}

/// Later versions may have more behind the same beginning.
std::string_view valid_traceparent(std::string_view text) {
  if (text.size() < traceparent_length
      || (text.starts_with("00") && text.size() != traceparent_length)
      || (text.size() > traceparent_length && text[traceparent_length] != '-'))
    return {};
  text = text.substr(0, traceparent_length);
  const bool has_dashes = text[2] == '-' && text[35] == '-' && text[52] == '-';
  const bool is_valid = has_dashes && are_hex(text.substr(0, 2), false) && !text.starts_with("ff")
                        && is_id(text.substr(3, trace_digits), trace_digits, false)
                        && is_id(text.substr(36, span_digits), span_digits, false)
                        && are_hex(text.substr(53), false);
  return is_valid ? text : std::string_view{};
}

bool is_b3_trace(std::string_view text) {
  return is_id(text, trace_digits, true) || is_id(text, span_digits, true);
}

bool is_b3_state(std::string_view text) {
  return text == "0" || text == "1" || text == "d";
}

/// What stands before the next dash; `rest` begins behind it.
std::string_view next_part(std::string_view& rest) {
  const auto dash = rest.find('-');
  const auto part = rest.substr(0, dash);
  rest = dash == std::string_view::npos ? std::string_view{} : rest.substr(dash + 1);
  return part;
}

/// A lone state ("0": do not sample) names no trace.
bool is_b3(std::string_view text) {
  auto rest = text;
  if (text.ends_with('-') || !is_b3_trace(next_part(rest))
      || !is_id(next_part(rest), span_digits, true))
    return false;
  if (rest.empty())
    return true;
  return is_b3_state(next_part(rest)) && (rest.empty() || is_id(rest, span_digits, true));
}

} // namespace

std::string trace_context(const trace_headers& sent) {
  if (const auto text = valid_traceparent(sent.traceparent); !text.empty())
    return std::string{text};
  if (is_b3(sent.b3))
    return std::string{sent.b3};
  if (!is_b3_trace(sent.b3_trace_id))
    return {};
  std::string result{sent.b3_trace_id};
  if (!is_id(sent.b3_span_id, span_digits, true))
    return result; // Its span may be in what was not captured.
  result.append("-").append(sent.b3_span_id);
  if (is_b3_state(sent.b3_sampled))
    result.append("-").append(sent.b3_sampled);
  return result;
}

} // namespace troupe::l7
