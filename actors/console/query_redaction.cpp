// SPDX-License-Identifier: Apache-2.0
#include "actors/console/query_redaction.hpp"

#include <algorithm>
#include <cctype>

namespace troupe {

namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_of_word(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return std::isalnum(byte) != 0 || c == '_' || byte >= 0x80;
}

/// Goes over a query once and keeps what is no value.
class sql_redactor {
public:
  sql_redactor(std::string_view text, bool double_quotes_name)
      : text_(text), double_quotes_name_(double_quotes_name) {}

  std::string run() {
    while (at_ < text_.size())
      step();
    return std::move(out_);
  }

private:
  [[nodiscard]] char at(size_t i) const { return i < text_.size() ? text_[i] : '\0'; }

  void value() {
    if (!out_.ends_with('?')) // 'a' 'b' and 'a''b' are one string.
      out_ += '?';
  }

  void step() {
    const char c = text_[at_];
    if (c == '\'' || (c == '"' && !double_quotes_name_))
      return quoted(c, false);
    if (c == '"' || c == '`')
      return quoted(c, true);
    if (c == '$' && !is_digit(at(at_ + 1)))
      return dollar();
    if (is_comment())
      return comment();
    if (is_digit(c) || (c == '.' && is_digit(at(at_ + 1))))
      return number();
    if (is_of_word(c) || c == '$' || c == '@' || c == ':')
      return word();
    out_ += c;
    ++at_;
  }

  void quoted(char quote, bool is_name) {
    auto end = at_ + 1;
    while (end < text_.size() && text_[end] != quote)
      ++end;
    if (text_[end - 1] == '\\' && end < text_.size() && end > at_ + 1) {
      value();
      out_ += " ...";
      at_ = text_.size();
      return;
    }
    const bool is_whole = end < text_.size();
    end = std::min(end + 1, text_.size());
    if (is_name && is_whole)
      out_.append(text_.substr(at_, end - at_));
    else
      value();
    at_ = end;
  }

  /// $$...$$ and $tag$...$tag$; anything else is a sign.
  void dollar() {
    auto tag = at_ + 1;
    while (is_of_word(at(tag)))
      ++tag;
    if (at(tag) != '$') {
      out_ += text_[at_++];
      return;
    }
    const auto mark = text_.substr(at_, tag + 1 - at_);
    const auto end = text_.find(mark, tag + 1);
    value();
    at_ = end == std::string_view::npos ? text_.size() : end + mark.size();
  }

  [[nodiscard]] bool is_comment() const {
    const char c = at(at_);
    const char next = at(at_ + 1);
    if (c == '-' && next == '-') // MySQL wants a blank behind it.
      return double_quotes_name_ || std::isspace(static_cast<unsigned char>(at(at_ + 2))) != 0
             || at_ + 2 >= text_.size();
    return (c == '/' && next == '*') || (c == '#' && !double_quotes_name_);
  }

  void comment() {
    if (at(at_) != '/') {
      at_ = std::min(text_.find('\n', at_), text_.size());
      return;
    }
    size_t depth = 1;
    for (at_ += 2; depth > 0 && at_ < text_.size(); ++at_) {
      const bool opens = at(at_) == '/' && at(at_ + 1) == '*';
      const bool closes = at(at_) == '*' && at(at_ + 1) == '/';
      if (closes)
        --depth;
      else if (opens && double_quotes_name_) // Those of MySQL do not nest.
        ++depth;
      at_ += opens || closes ? 1 : 0;
    }
  }

  void number() {
    while (is_of_word(at(at_)) || at(at_) == '.')
      ++at_;
    value();
  }

  void word() {
    const auto begin = at_++;
    while (is_of_word(at(at_)) || at(at_) == '$')
      ++at_;
    out_.append(text_.substr(begin, at_ - begin));
  }

  std::string_view text_;
  bool double_quotes_name_;
  size_t at_ = 0;
  std::string out_;
};

} // namespace

std::string redact_sql(std::string_view query, bool double_quotes_name) {
  return sql_redactor{query, double_quotes_name}.run();
}

std::string redacted_query(const l7_exchange& exchange) {
  const std::string_view detail = exchange.detail;
  switch (exchange.protocol) {
    case l7_protocol::postgres:
    case l7_protocol::cassandra:
    case l7_protocol::clickhouse:
      return redact_sql(detail, true);
    case l7_protocol::mysql:
      return redact_sql(detail, false);
    case l7_protocol::http:
    case l7_protocol::http2:
    case l7_protocol::grpc:
      return std::string{detail.substr(0, detail.find('?'))};
    case l7_protocol::dns: // The answers.
      return exchange.detail;
    default:
      return {};
  }
}

} // namespace troupe
