// SPDX-License-Identifier: Apache-2.0
#include "actors/container/l7/memcached/classify.hpp"

#include "actors/container/l7/memcached/requests.hpp"

#include <algorithm>
#include <array>

namespace troupe::l7::memcached {

namespace {

constexpr size_t verb_max = 16;

match matches_binary(std::string_view client) {
  if (client.size() < binary_header_bytes)
    return match::perhaps;
  const auto head = read_binary(client);
  constexpr uint16_t key_max = 250;
  constexpr uint8_t extras_max = 20;
  const bool good = head.has_value() && head->key_bytes <= key_max
                    && head->extra_bytes <= extras_max && head->status == 0;
  return good ? match::yes : match::no;
}

match matches_answer(std::string_view server) {
  constexpr std::array<std::string_view, 24> codes{
      "VALUE", "END",  "STORED",  "NOT_STORED", "EXISTS", "NOT_FOUND",    "DELETED",      "TOUCHED",
      "OK",    "STAT", "VERSION", "RESET",      "ERROR",  "CLIENT_ERROR", "SERVER_ERROR", "HD",
      "VA",    "EN",   "NF",      "NS",         "EX",     "ME",           "MN",           "BUSY"};
  const auto code = server.substr(0, server.find_first_of(" \r\n"));
  if (code.size() == server.size())
    return code.size() <= verb_max ? match::perhaps : match::no;
  const bool counted = read_length(code).has_value(); // Of incr and decr.
  return counted || std::find(codes.begin(), codes.end(), code) != codes.end() ? match::yes
                                                                               : match::no;
}

match matches_text(std::string_view client) {
  const auto verb = client.substr(0, client.find_first_of(" \r\n"));
  const bool lower = std::all_of(verb.begin(), verb.end(),
                                 [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; });
  if (!lower || verb.empty() || verb.size() > verb_max)
    return match::no;
  if (verb.size() == client.size())
    return match::perhaps;
  if (!is_command(verb))
    return match::no;
  const auto line = read_line(client);
  return line.has_value() && is_storage(*line) ? match::yes : match::perhaps;
}

} // namespace

match classify(const opening& begun) {
  if (begun.client.empty()) // A server of memcached does not speak first.
    return begun.server.empty() || begun.in_midstream ? match::perhaps : match::no;
  if (begun.client[0] == binary_request)
    return matches_binary(begun.client);
  const auto asked = matches_text(begun.client);
  if (asked == match::no || begun.server.empty())
    return asked;
  const auto said = matches_answer(begun.server);
  const bool whole = begun.client.find('\n') != std::string_view::npos;
  return said == match::yes && !whole ? match::perhaps : said;
}

} // namespace troupe::l7::memcached
