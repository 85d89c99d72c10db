// SPDX-License-Identifier: Apache-2.0
#include "actors/container/l7/dubbo/classify.hpp"

#include "actors/container/l7/dubbo/frame.hpp"

namespace troupe::l7::dubbo {
namespace {

match classify_side(std::string_view bytes) {
  if (!bytes.starts_with(magic.substr(0, bytes.size())))
    return match::no;
  const auto x = read_header(bytes);
  if (!x)
    return match::perhaps;
  return is_lawful(*x, bytes) ? match::yes : match::no;
}

} // namespace

match classify(const opening& begun) {
  const auto client = classify_side(begun.client);
  if (client != match::perhaps || !begun.client.empty())
    return client;
  if (begun.server.empty())
    return match::perhaps;
  const auto server = classify_side(begun.server);
  // The answer may be heard of before the call.
  return begun.in_midstream || server == match::no ? server : match::perhaps;
}

} // namespace troupe::l7::dubbo
