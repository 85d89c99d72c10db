// SPDX-License-Identifier: Apache-2.0
#include "actors/container/l7/sql_words.hpp"

#include <algorithm>
#include <cctype>

namespace troupe::l7 {

namespace {

bool is_blank(char c) {
  return std::isspace(static_cast<unsigned char>(c)) != 0 || c == '\0';
}

bool is_of_word(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return std::isalnum(byte) != 0 || c == '_' || c == '$' || byte >= 0x80;
}

} // namespace

bool sql_token::is_word(std::string_view word) const {
  return is == kind::word
         && std::equal(text.begin(), text.end(), word.begin(), word.end(),
                       [](unsigned char a, unsigned char b) { return std::toupper(a) == b; });
}

sql_token sql_words::token(sql_token::kind kind, size_t begin, size_t end, size_t next) {
  at_ = std::min(next, text_.size());
  return {kind, text_.substr(begin, end - begin), at_ == text_.size()};
}

// False where there is none.
bool sql_words::skip_comment() {
  const bool to_end_of_line =
      (at(at_) == '-' && at(at_ + 1) == '-') || (at(at_) == '#' && dialect_ == sql_dialect::mysql);
  if (to_end_of_line) {
    at_ = std::min(text_.find('\n', at_), text_.size());
    return true;
  }
  if (at(at_) != '/' || at(at_ + 1) != '*')
    return false;
  size_t depth = 0;
  do { // PostgreSQL's nest.
    if (at(at_) == '/' && at(at_ + 1) == '*' && (depth == 0 || dialect_ == sql_dialect::standard)) {
      ++depth;
      at_ += 2;
    } else if (at(at_) == '*' && at(at_ + 1) == '/') {
      --depth;
      at_ += 2;
    } else {
      ++at_;
    }
  } while (depth > 0 && at_ < text_.size());
  return true;
}

void sql_words::skip_blanks() {
  while (at_ < text_.size()) {
    if (is_blank(text_[at_]))
      ++at_;
    else if (!skip_comment())
      return;
  }
}

// A quote within is written twice; both are left in a name, who has such a thing.
sql_token sql_words::quoted(char quote, sql_token::kind kind) {
  const auto begin = at_ + 1;
  auto end = begin;
  for (; end < text_.size(); ++end) {
    if (text_[end] == '\\' && kind == sql_token::kind::literal && dialect_ == sql_dialect::mysql)
      ++end;
    else if (text_[end] == quote && at(end + 1) == quote)
      ++end;
    else if (text_[end] == quote)
      break;
  }
  end = std::min(end, text_.size());
  return token(kind, begin, end, end + 1);
}

// $$...$$ and $tag$...$tag$; anything else that begins so is a parameter.
sql_token sql_words::dollar_quoted() {
  auto tag = at_ + 1;
  while (at(tag) == '_' || std::isalnum(static_cast<unsigned char>(at(tag))) != 0)
    ++tag;
  if (at(tag) != '$' || dialect_ == sql_dialect::mysql)
    return token(sql_token::kind::literal, at_, tag, tag);
  const auto mark = text_.substr(at_, tag + 1 - at_);
  const auto end = std::min(text_.find(mark, tag + 1), text_.size());
  return token(sql_token::kind::literal, tag + 1, end, end + mark.size());
}

sql_token sql_words::next() {
  skip_blanks();
  at_ = std::min(at_, text_.size());
  const char c = at(at_);
  if (at_ == text_.size())
    return {};
  if (c == '\'')
    return quoted(c, sql_token::kind::literal);
  if (c == '"' || c == '`')
    return quoted(c, sql_token::kind::quoted);
  if (c == '$')
    return dollar_quoted();
  auto end = at_;
  while (end < text_.size() && is_of_word(text_[end]))
    ++end;
  if (end == at_)
    return token(sql_token::kind::sign, at_, at_ + 1, at_ + 1);
  return token(sql_token::kind::word, at_, end, end);
}

} // namespace troupe::l7
