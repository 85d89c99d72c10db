// SPDX-License-Identifier: Apache-2.0
#include "actors/container/l7/rabbitmq/classify.hpp"

#include "actors/container/l7/rabbitmq/frame.hpp"

namespace troupe::l7::rabbitmq {
namespace {

match classify_frames(std::string_view bytes) {
  const auto first = read_frame(bytes);
  if (!first)
    return match::perhaps;
  if (first->type == frame_type::body && is_lawful(*first, bytes)
      && first->length <= usual_length_max)
    return match::perhaps;
  const auto is_one = is_unmistakable(*first, bytes);
  if (is_one && !*is_one)
    return match::no;
  return is_one && bytes.size() >= first->size() ? match::yes : match::perhaps;
}

} // namespace

match classify(const opening& begun) {
  if (begun.client.substr(0, protocol_header.size()) == protocol_header)
    return match::yes;
  if (!begun.client.empty() && protocol_header.starts_with(begun.client))
    return match::perhaps;
  if (!begun.in_midstream) // Servers wait for the header.
    return begun.client.empty() && begun.server.empty() ? match::perhaps : match::no;
  const auto client = classify_frames(begun.client);
  const auto server = classify_frames(begun.server);
  if (client == match::yes || server == match::yes)
    return match::yes;
  return client == match::no || server == match::no ? match::no : match::perhaps;
}

} // namespace troupe::l7::rabbitmq
