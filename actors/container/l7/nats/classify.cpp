// SPDX-License-Identifier: Apache-2.0
#include "actors/container/l7/nats/classify.hpp"

#include "actors/container/l7/nats/frame.hpp"

#include <algorithm>
#include <string_view>

namespace troupe::l7::nats {

namespace {

match begins_info(std::string_view bytes) {
  constexpr std::string_view beginning = "INFO {";
  constexpr std::string_view told = "\"server_id\"";
  constexpr size_t told_within = 64;
  const auto there = std::min(bytes.size(), beginning.size());
  if (bytes.substr(0, there) != beginning.substr(0, there))
    return match::no;
  if (bytes.find(told) != std::string_view::npos)
    return match::yes;
  return bytes.size() < told_within ? match::perhaps : match::no;
}

// Lines that others have as well tell nothing.
match in_midstream(side from, std::string_view bytes) {
  command x;
  switch (read_command(from, bytes, x)) {
    case framing::whole:
      return x.payload > 0 ? match::yes : match::perhaps;
    case framing::need_more:
      return match::perhaps;
    case framing::invalid:
      break;
  }
  return find_message(from, bytes) != std::string_view::npos ? match::yes : match::no;
}

} // namespace

match classify(const opening& begun) {
  if (!begun.in_midstream)
    return begun.server.empty() && !begun.client.empty() ? match::no : begins_info(begun.server);
  const auto client = in_midstream(side::client, begun.client);
  const auto server = in_midstream(side::server, begun.server);
  if (client == match::yes || server == match::yes)
    return match::yes;
  return client == match::no && server == match::no ? match::no : match::perhaps;
}

} // namespace troupe::l7::nats
