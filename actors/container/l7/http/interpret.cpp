// SPDX-License-Identifier: Apache-2.0
#include "actors/container/l7/http/interpret.hpp"

#include <algorithm>
#include <cstddef>
#include <string>

namespace troupe::l7::http {

namespace {

constexpr size_t host_max = 255;
constexpr size_t length_digits_max = 18; // Lengths can be added without care.

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool equals(std::string_view text, std::string_view lower_case) {
  return text.size() == lower_case.size()
         && std::equal(text.begin(), text.end(), lower_case.begin(),
                       [](char a, char b) { return lower(a) == b; });
}

std::string_view trim(std::string_view text) {
  const auto is_blank = [](char c) {
    return c == ' ' || c == '\t' || c == '\r';
  };
  while (!text.empty() && is_blank(text.front()))
    text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back()))
    text.remove_suffix(1);
  return text;
}

// Cuts the first line off, without its line break; nothing where it has no end.
std::optional<std::string_view> next_line(std::string_view& rest) {
  const auto end = rest.find('\n');
  if (end == std::string_view::npos)
    return std::nullopt;
  auto line = rest.substr(0, end);
  rest.remove_prefix(end + 1);
  if (!line.empty() && line.back() == '\r')
    line.remove_suffix(1);
  return line;
}

// Calls visit(name, value) for each header. A line that begins with a blank continues the value of
// the one before, which nobody may send any more (RFC 9112 §5.2): not read.
template <class Visit>
void each_header(std::string_view rest, Visit visit) {
  while (const auto line = next_line(rest)) {
    const auto colon = line->find(':');
    if (colon != std::string_view::npos && colon > 0 && line->front() != ' '
        && line->front() != '\t')
      visit(line->substr(0, colon), trim(line->substr(colon + 1)));
  }
}

// What tells where the body ends: Content-Length and Transfer-Encoding.
struct body_headers {
  bool has_length = false;
  bool has_encoding = false;
  bool is_chunked = false;
  bool is_odd = false; // Two lengths, or none that is a number: who believes one may be cheated.
  uint64_t length = 0;

  void read_length(std::string_view value);
  void read_encoding(std::string_view value);
  bool visit(std::string_view name, std::string_view value);
  // Where neither header is there, `otherwise`.
  [[nodiscard]] body ends(body otherwise) const;
};

void body_headers::read_length(std::string_view value) {
  uint64_t number = 0;
  if (value.empty() || value.size() > length_digits_max) {
    is_odd = true;
    return;
  }
  for (char c : value) {
    is_odd = is_odd || c < '0' || c > '9';
    number = number * 10 + static_cast<uint64_t>(c - '0');
  }
  is_odd = is_odd || (has_length && number != length);
  has_length = true;
  length = number;
}

void body_headers::read_encoding(std::string_view value) {
  has_encoding = true;
  const auto comma = value.rfind(',');
  is_chunked =
      equals(trim(comma == std::string_view::npos ? value : value.substr(comma + 1)), "chunked");
}

bool body_headers::visit(std::string_view name, std::string_view value) {
  if (name.size() == 14 && equals(name, "content-length")) {
    read_length(value);
    return true;
  }
  if (name.size() == 17 && equals(name, "transfer-encoding")) {
    read_encoding(value);
    return true;
  }
  return false;
}

body body_headers::ends(body otherwise) const {
  if (has_encoding) // It goes before a length.
    return is_chunked ? body::chunked : body::unknown;
  if (is_odd)
    return body::unknown;
  return has_length ? body::counted : otherwise;
}

void read_request_header(std::string_view name, std::string_view value, request_head& head) {
  switch (name.size()) {
    case 2:
      if (equals(name, "b3"))
        head.trace.b3 = value.substr(0, trace_header_max);
      break;
    case 4:
      if (equals(name, "host"))
        head.host = value.substr(0, host_max);
      break;
    case 6:
      if (equals(name, "expect"))
        head.expects_continue = equals(value, "100-continue");
      break;
    case 11:
      if (equals(name, "traceparent"))
        head.trace.traceparent = value.substr(0, trace_header_max);
      else if (equals(name, "x-b3-spanid"))
        head.trace.b3_span_id = value;
      break;
    case 12:
      if (equals(name, "x-b3-traceid"))
        head.trace.b3_trace_id = value;
      else if (equals(name, "x-b3-sampled"))
        head.trace.b3_sampled = value;
      break;
    default:
      break;
  }
}

// A target in its parts (RFC 9112 §3.2). The absolute form names the host itself, and perhaps a
// user with a password, which is left out.
struct target_parts {
  std::string_view host;
  std::string_view path;
  std::string_view path_and_query;
};

target_parts split_target(const request_head& head) {
  target_parts result{head.host, {}, head.target.substr(0, head.target.find('#'))};
  const auto scheme = head.target.find("://");
  if (scheme != std::string_view::npos && head.target.front() != '/') {
    const auto rest =
        result.path_and_query.substr(std::min(scheme + 3, result.path_and_query.size()));
    const auto end = std::min(rest.find_first_of("/?"), rest.size());
    const auto authority = rest.substr(0, end);
    const auto user = authority.rfind('@');
    result.host = authority.substr(user == std::string_view::npos ? 0 : user + 1);
    result.path_and_query = rest.substr(end);
  }
  result.path = result.path_and_query.substr(0, result.path_and_query.find('?'));
  if (result.path.empty())
    result.path = "/";
  return result;
}

} // namespace

std::optional<request_head> interpret_request(std::string_view head) {
  request_head result;
  auto rest = head;
  const auto whole_line = next_line(rest);
  const auto line = whole_line.value_or(head);
  const auto space = line.find(' ');
  if (space == std::string_view::npos || space + 1 >= line.size())
    return std::nullopt;
  result.method = line.substr(0, space);
  result.target = line.substr(space + 1);
  result.target = result.target.substr(0, result.target.find(' '));
  if (result.target.empty())
    return std::nullopt;
  if (!whole_line)
    return result;
  body_headers lengths;
  each_header(rest, [&](std::string_view name, std::string_view value) {
    if (!lengths.visit(name, value))
      read_request_header(name, value, result);
  });
  result.ends = lengths.ends(body::none);
  result.content_length = lengths.length;
  return result;
}

l7_exchange to_exchange(const request_head& head) {
  l7_exchange result;
  result.protocol = l7_protocol::http;
  const auto parts = split_target(head);
  const auto path = head.method == "CONNECT" || parts.path == "*" ? head.target : parts.path;
  const auto method = head.method.substr(0, operation_bytes_max / 2);
  result.operation.reserve(method.size() + 1 + std::min(path.size(), operation_bytes_max));
  result.operation.append(method).append(" ");
  result.operation.append(path.substr(0, operation_bytes_max - result.operation.size()));
  result.detail = parts.host.substr(0, host_max);
  if (!parts.path_and_query.empty() && parts.path_and_query.front() == '/')
    result.detail.append(parts.path_and_query.substr(0, detail_bytes_max - result.detail.size()));
  result.traceparent = trace_context(head.trace);
  return result;
}

std::optional<answer_head> interpret_answer(std::string_view head, bool to_head) {
  constexpr size_t code = sizeof "HTTP/1.1 " - 1;
  if (head.size() < code + 3)
    return std::nullopt;
  answer_head result;
  for (char c : head.substr(code, 3))
    result.status = result.status * 10 + (c - '0');
  body_headers lengths;
  auto rest = head;
  static_cast<void>(next_line(rest));
  each_header(rest, [&](std::string_view name, std::string_view value) {
    if (!lengths.visit(name, value) && name.size() == 7 && equals(name, "upgrade"))
      result.to_http2 = equals(value, "h2c");
  });
  const bool has_body =
      !to_head && result.status >= 200 && result.status != 204 && result.status != 304;
  result.ends = has_body ? lengths.ends(body::unknown) : body::none;
  result.content_length = result.ends == body::counted ? lengths.length : 0;
  return result;
}

} // namespace troupe::l7::http
