// SPDX-License-Identifier: Apache-2.0
#include "actors/container/l7/nats/frame.hpp"

#include <algorithm>
#include <array>
#include <span>

namespace troupe::l7::nats {

namespace {

// The server's default is 4096; INFO and CONNECT are longer in large clusters.
constexpr size_t line_max = 8192;
constexpr uint64_t payload_max = 1U << 30;
constexpr size_t payload_digits_max = 10;
constexpr size_t words_max = 5;

struct verb_rule {
  std::string_view name;
  verb says;
  bool by_client;
  bool by_server;
  // Words behind it; 0 and 0: any text.
  size_t words_min = 0;
  size_t words_most = 0;
};

constexpr verb_rule rules[] = {
    {"INFO", verb::info, false, true},     {"CONNECT", verb::connect, true, false},
    {"PUB", verb::pub, true, false, 2, 3}, {"HPUB", verb::hpub, true, false, 3, 4},
    {"SUB", verb::sub, true, false, 2, 3}, {"UNSUB", verb::unsub, true, false, 1, 2},
    {"MSG", verb::msg, false, true, 3, 4}, {"HMSG", verb::hmsg, false, true, 4, 5},
    {"PING", verb::ping, true, true},      {"PONG", verb::pong, true, true},
    {"+OK", verb::ok, false, true},        {"-ERR", verb::err, false, true},
};

bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

char upper(char c) {
  return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
}

// Verbs may be in either case.
bool begins_with(std::string_view bytes, std::string_view name) {
  return bytes.size() >= name.size()
         && std::equal(name.begin(), name.end(), bytes.begin(),
                       [](char a, char b) { return a == upper(b); });
}

bool may_say(const verb_rule& rule, side from) {
  return from == side::client ? rule.by_client : rule.by_server;
}

const verb_rule* find_rule(side from, std::string_view line) {
  for (const auto& x : rules)
    if (may_say(x, from) && begins_with(line, x.name)
        && (line.size() == x.name.size() || is_blank(line[x.name.size()])))
      return &x;
  return nullptr;
}

// Whether more bytes may make a verb of it.
bool may_become_verb(side from, std::string_view bytes) {
  return std::any_of(std::begin(rules), std::end(rules), [&](const verb_rule& x) {
    const auto there = std::min(bytes.size(), x.name.size());
    return may_say(x, from) && begins_with(bytes, x.name.substr(0, there))
           && (bytes.size() <= there || is_blank(bytes[there]) || bytes[there] == '\r');
  });
}

// How many words there are; more than fit are counted as one too many.
size_t split(std::string_view text, std::span<std::string_view, words_max> words) {
  size_t count = 0;
  for (size_t i = 0; i < text.size();) {
    if (is_blank(text[i])) {
      ++i;
      continue;
    }
    const auto end = std::min(text.find_first_of(" \t", i), text.size());
    if (count == words_max)
      return count + 1;
    words[count++] = text.substr(i, end - i);
    i = end;
  }
  return count;
}

bool read_size(std::string_view word, uint64_t& size) {
  size = 0;
  if (word.empty() || word.size() > payload_digits_max)
    return false;
  for (const char c : word) {
    if (c < '0' || c > '9')
      return false;
    size = size * 10 + static_cast<uint64_t>(c - '0');
  }
  return size <= payload_max;
}

bool read_words(const verb_rule& rule, command& x) {
  if (rule.words_most == 0)
    return true;
  std::array<std::string_view, words_max> words;
  const auto count = split(x.text, words);
  if (count < rule.words_min || count > rule.words_most)
    return false;
  x.subject = words[0];
  const bool has_headers = rule.says == verb::hpub || rule.says == verb::hmsg;
  if (has_headers && !read_size(words[count - 2], x.header_bytes))
    return false;
  if (!has_headers && rule.says != verb::pub && rule.says != verb::msg)
    return true;
  if (!read_size(words[count - 1], x.payload) || x.header_bytes > x.payload)
    return false;
  x.payload += 2;
  return true;
}

} // namespace

framing read_command(side from, std::string_view bytes, command& x) {
  x = {};
  const auto end = bytes.substr(0, line_max).find('\n');
  if (end == std::string_view::npos)
    return bytes.size() < line_max && may_become_verb(from, bytes) ? framing::need_more
                                                                   : framing::invalid;
  auto line = bytes.substr(0, end);
  if (!line.empty() && line.back() == '\r')
    line.remove_suffix(1);
  const auto* const rule = find_rule(from, line);
  if (rule == nullptr)
    return framing::invalid;
  x.says = rule->says;
  x.line = end + 1;
  x.text = line.substr(rule->name.size());
  return read_words(*rule, x) ? framing::whole : framing::invalid;
}

size_t find_message(side from, std::string_view bytes) {
  for (size_t at = 0; at < bytes.size();) {
    const auto rest = bytes.substr(at);
    command x;
    if (read_command(from, rest, x) == framing::whole && x.payload > 0
        && x.line + x.payload <= rest.size()
        && rest.substr(x.line + static_cast<size_t>(x.payload) - 2, 2) == "\r\n")
      return at;
    const auto next = rest.find('\n');
    if (next == std::string_view::npos)
      break;
    at += next + 1;
  }
  return std::string_view::npos;
}

} // namespace troupe::l7::nats
