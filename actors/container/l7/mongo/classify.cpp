// SPDX-License-Identifier: Apache-2.0
#include "actors/container/l7/mongo/classify.hpp"

#include "actors/container/l7/mongo/frame.hpp"
#include "actors/container/l7/mongo/interpret.hpp"

namespace troupe::l7::mongo {

match classify(const opening& begun) {
  if (begun.client.empty()) // Servers do not speak first.
    return begun.server.empty() || begun.in_midstream ? match::perhaps : match::no;
  const auto x = read_header(begun.client);
  if (!x) // The highest byte of a length is never more than 2.
    return begun.client.size() < 4 || begun.client[3] <= 2 ? match::perhaps : match::no;
  if (!is_lawful(*x, side::client))
    return match::no;
  const auto is_one = is_likely(*x, begun.client);
  if (!is_one)
    return match::perhaps;
  return *is_one ? match::yes : match::no;
}

} // namespace troupe::l7::mongo
