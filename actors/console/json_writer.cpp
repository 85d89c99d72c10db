// SPDX-License-Identifier: Apache-2.0
#include "actors/console/json_writer.hpp"

#include "actors/console/escape.hpp"

#include <fmt/format.h>

#include <cmath>
#include <iterator>

namespace troupe {

namespace {

void append_escaped(std::string& out, char32_t c) {
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      break;
  }
  auto sink = std::back_inserter(out);
  if (c < 0x10000) {
    fmt::format_to(sink, "\\u{:04x}", uint32_t{c});
    return;
  }
  const auto offset = uint32_t{c} - 0x10000; // RFC 8259, section 7: a surrogate pair.
  fmt::format_to(sink, "\\u{:04x}\\u{:04x}", 0xd800 + (offset >> 10U), 0xdc00 + (offset & 0x3ffU));
}

} // namespace

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  for (size_t at = 0; at < text.size();) {
    const auto c = decode_utf8(text, at);
    if (!c.valid)
      out += "\xef\xbf\xbd";
    else if (c.value == '"' || c.value == '\\' || is_hostile(c.value))
      append_escaped(out, c.value);
    else
      out += text.substr(at, c.size);
    at += c.size;
  }
  out += '"';
}

std::string decimal_text(double x) {
  if (!std::isfinite(x))
    return "null";
  auto text = fmt::format("{:.3f}", x);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.ends_with('.'))
    text.pop_back();
  return text;
}

void json_writer::separate() {
  if (after_key_) {
    after_key_ = false;
    return;
  }
  if (has_members_.empty())
    return;
  if (has_members_.back())
    out_ += ',';
  has_members_.back() = true;
}

void json_writer::begin_object() {
  separate();
  has_members_.push_back(false);
  out_ += '{';
}

void json_writer::end_object() {
  has_members_.pop_back();
  out_ += '}';
}

void json_writer::begin_array() {
  separate();
  has_members_.push_back(false);
  out_ += '[';
}

void json_writer::end_array() {
  has_members_.pop_back();
  out_ += ']';
}

void json_writer::key(std::string_view name) {
  separate();
  append_json_string(out_, name);
  out_ += ':';
  after_key_ = true;
}

void json_writer::null() {
  separate();
  out_ += "null";
}

void json_writer::value(bool x) {
  separate();
  out_ += x ? "true" : "false";
}

void json_writer::value(int64_t x) {
  separate();
  fmt::format_to(std::back_inserter(out_), "{}", x);
}

void json_writer::value(uint64_t x) {
  separate();
  fmt::format_to(std::back_inserter(out_), "{}", x);
}

void json_writer::value(double x) {
  separate();
  out_ += decimal_text(x);
}

void json_writer::value(std::string_view text) {
  separate();
  append_json_string(out_, text);
}

} // namespace troupe
