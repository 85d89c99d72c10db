// SPDX-License-Identifier: Apache-2.0
#include "actors/container/l7/redis/classify.hpp"

#include "actors/container/l7/redis/frame.hpp"

#include <algorithm>
#include <array>
#include <cctype>

namespace troupe::l7::redis {

namespace {

bool is_letter(char c) {
  return std::isalpha(static_cast<unsigned char>(c)) != 0;
}

// "*2\r\n$3\r\nGET\r\n..."
match matches_array(std::string_view client) {
  resp_line head;
  auto x = read_line(client, head);
  if (x != progress::done)
    return x == progress::need_more ? match::perhaps : match::no;
  if (head.type != '*' || head.number <= 0)
    return match::no;
  client.remove_prefix(head.length);
  resp_line name;
  x = read_line(client, name);
  if (x != progress::done)
    return x == progress::need_more ? match::perhaps : match::no;
  client.remove_prefix(name.length);
  if (name.type != '$' || name.number <= 0 || name.number > 64)
    return match::no;
  if (client.empty())
    return match::perhaps;
  return is_letter(client[0]) ? match::yes : match::no;
}

// A POP3 server says more behind its +OK.
match matches_reply(std::string_view server) {
  resp_line line;
  const auto x = read_line(server, line);
  if (x != progress::done)
    return x == progress::need_more ? match::perhaps : match::no;
  if (line.type == '+')
    return line.text == "OK" || line.text == "PONG" || line.text == "QUEUED" ? match::yes
                                                                             : match::no;
  if (line.type == '-')
    return !line.text.empty() && std::isupper(static_cast<unsigned char>(line.text[0])) != 0
               ? match::yes
               : match::no;
  return match::yes;
}

// What a server says by itself: ">3\r\n$7\r\nmessage", or an array of that.
match matches_push(std::string_view server) {
  resp_line head;
  if (read_line(server, head) != progress::done || (head.type != '>' && head.type != '*'))
    return match::no;
  server.remove_prefix(head.length);
  const bool named = server.substr(0, 13) == "$7\r\nmessage\r\n"
                     || server.substr(0, 14) == "$8\r\npmessage\r\n"
                     || server.substr(0, 14) == "$8\r\nsmessage\r\n";
  return named || (head.type == '>' && !server.empty() && server[0] == '$') ? match::yes
                                                                            : match::no;
}

} // namespace

match matches_words(std::string_view client) {
  constexpr std::array<std::string_view, 16> names{
      "PING", "AUTH", "INFO", "GET", "SET",    "DEL",    "EXISTS", "INCR",
      "DECR", "ECHO", "KEYS", "TTL", "DBSIZE", "CONFIG", "SELECT", "COMMAND"};
  const auto end = client.find_first_of(" \r\n");
  std::string word{client.substr(0, std::min<size_t>(end, 16))};
  std::transform(word.begin(), word.end(), word.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  if (end != std::string_view::npos)
    return std::find(names.begin(), names.end(), word) != names.end() ? match::yes : match::no;
  const bool begins = std::any_of(names.begin(), names.end(), [&](std::string_view x) {
    return x.substr(0, word.size()) == word;
  });
  return begins ? match::perhaps : match::no;
}

match classify(const opening& begun) {
  if (begun.client.empty()) {
    if (begun.server.empty())
      return match::perhaps;
    if (!begun.in_midstream) // A server of redis does not speak first.
      return match::no;
    return matches_push(begun.server) == match::yes   ? match::yes
           : matches_reply(begun.server) == match::no ? match::no
                                                      : match::perhaps;
  }
  if (begun.client[0] == '*')
    return matches_array(begun.client);
  const auto words = matches_words(begun.client);
  if (words == match::no || begun.server.empty())
    return words == match::no ? match::no : match::perhaps;
  return std::min(words, matches_reply(begun.server));
}

} // namespace troupe::l7::redis
