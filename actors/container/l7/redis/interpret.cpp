// SPDX-License-Identifier: Apache-2.0
#include "actors/container/l7/redis/interpret.hpp"

#include <algorithm>
#include <array>
#include <cctype>

namespace troupe::l7::redis {

bool is_message(std::string_view kind) {
  return kind == "message" || kind == "pmessage" || kind == "smessage";
}

bool is_confirmation(std::string_view kind) {
  return kind == "subscribe" || kind == "psubscribe" || kind == "ssubscribe"
         || kind == "unsubscribe" || kind == "punsubscribe" || kind == "sunsubscribe";
}

bool confirms(std::string_view kind, std::string_view operation) {
  return std::equal(kind.begin(), kind.end(), operation.begin(), operation.end(),
                    [](unsigned char a, unsigned char b) { return std::toupper(a) == b; });
}

bool is_error(const reply& x) {
  return x.type == '-' || x.type == '!';
}

namespace {

// CLIENT REPLY ON|OFF|SKIP
effect reply_mode(const command& x) {
  const auto last = std::string_view{x.text}.substr(x.text.rfind(' ') + 1);
  if (confirms(last, "OFF"))
    return effect::reply_off;
  return confirms(last, "SKIP") ? effect::reply_skip : effect::reply_on;
}

} // namespace

effect effect_of(const command& x) {
  const std::string_view name = x.name;
  if (name.empty())
    return effect::none;
  switch (name[0]) {
    case 'C':
      return name == "CLIENT REPLY" && x.arguments == 2 ? reply_mode(x) : effect::none;
    case 'M':
      return name == "MONITOR" ? effect::monitors : effect::none;
    case 'R':
      return name == "RESET" ? effect::resets : effect::none;
    case 'P':
      if (name == "PSYNC")
        return effect::replicates;
      break;
    case 'S':
      if (name == "SYNC")
        return effect::replicates;
      break;
    default:
      break;
  }
  constexpr std::array<std::string_view, 6> subscribing{
      "SUBSCRIBE", "PSUBSCRIBE", "SSUBSCRIBE", "UNSUBSCRIBE", "PUNSUBSCRIBE", "SUNSUBSCRIBE"};
  const bool subscribes =
      std::find(subscribing.begin(), subscribing.end(), name) != subscribing.end();
  return subscribes ? effect::subscribes : effect::none;
}

} // namespace troupe::l7::redis
