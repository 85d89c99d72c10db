// SPDX-License-Identifier: Apache-2.0
#include "actors/container/l7/memcached/answers.hpp"

#include <algorithm>
#include <array>

namespace troupe::l7::memcached {

namespace {

constexpr uint8_t opcode_stat = 0x10;
constexpr uint64_t end_bytes = 2;

bool is_one_of(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

// Its opaque, where it has one.
std::string_view token_of(const text_line& line) {
  for (size_t i = 1; i < line.count; ++i)
    if (line.words[i][0] == 'O')
      return line.words[i].substr(1, 32);
  return {};
}

// Would a quiet command have said this? A get says what it hit, the others what went wrong.
bool says_quietly(const request& asked, std::string_view code, std::string_view token) {
  if (!token.empty())
    return asked.token == token;
  return asked.exchange.operation == "mg" ? code != "EN" : !is_one_of(code, {"HD", "NF", "VA"});
}

bool answers(const request& asked, const text_answer& answer, const text_line& line) {
  switch (answer.is) {
    case text_answer::kind::noop:
      return asked.answered == answer_kind::noop;
    case text_answer::kind::meta:
      return asked.quiet && says_quietly(asked, line.word(0), token_of(line));
    default:
      return false;
  }
}

} // namespace

text_answer answer_of(const text_line& line) {
  const auto code = line.word(0);
  if (is_one_of(code, {"ERROR", "CLIENT_ERROR", "SERVER_ERROR"}))
    return {text_answer::kind::error, 0};
  if (code == "VALUE") {
    const auto length = read_length(line.word(3));
    return {text_answer::kind::value, length.has_value() ? *length + end_bytes : 0};
  }
  if (code == "VA") {
    const auto length = read_length(line.word(1));
    return {text_answer::kind::meta, length.has_value() ? *length + end_bytes : 0};
  }
  if (is_one_of(code, {"HD", "EN", "NF", "NS", "EX", "ME"}))
    return {text_answer::kind::meta, 0};
  if (code == "MN")
    return {text_answer::kind::noop, 0};
  return {code == "END" ? text_answer::kind::end : text_answer::kind::other, 0};
}

bool begins_error(std::string_view text) {
  const auto code = text.substr(0, text.find(' '));
  return is_one_of(code, {"CLIENT_ERROR", "SERVER_ERROR"});
}

std::optional<size_t> find_asked(const std::deque<request>& waiting, const text_answer& answer,
                                 const text_line& line) {
  for (size_t i = 0; i < waiting.size(); ++i)
    if (!waiting[i].quiet || answers(waiting[i], answer, line))
      return i;
  return std::nullopt;
}

std::optional<size_t> find_asked(const std::deque<request>& waiting, const binary_header& head) {
  for (size_t i = 0; i < waiting.size(); ++i)
    if (waiting[i].opcode == head.opcode && waiting[i].opaque == head.opaque)
      return i;
    else if (!waiting[i].quiet)
      return std::nullopt;
  return std::nullopt;
}

bool ends_answer(const request& asked, const text_answer& answer, const text_line& line) {
  if (answer.is == text_answer::kind::error || answer.is == text_answer::kind::end)
    return true;
  if (asked.answered == answer_kind::values)
    return false;
  if (asked.answered != answer_kind::lines)
    return true;
  return is_one_of(line.word(0), {"OK", "RESET", "EN", "BUSY", "BADCLASS"});
}

bool is_failure(uint16_t status) {
  constexpr std::array<uint16_t, 5> good{
      0x00, // done
      0x01, // no such key
      0x02, // the key is there already, or was changed by another
      0x05, // not stored, since it was not there, or was
      0x21, // authentication goes on
  };
  return std::find(good.begin(), good.end(), status) == good.end();
}

bool ends_answer(const binary_header& head) {
  return head.opcode != opcode_stat || head.key_bytes == 0;
}

} // namespace troupe::l7::memcached
