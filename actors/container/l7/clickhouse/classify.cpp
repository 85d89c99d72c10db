// SPDX-License-Identifier: Apache-2.0
#include "actors/container/l7/clickhouse/classify.hpp"

#include "actors/container/l7/clickhouse/interpret.hpp"

namespace troupe::l7::clickhouse {
namespace {

match match_of(reading x) {
  return x == reading::done ? match::yes : x == reading::need_more ? match::perhaps : match::no;
}

} // namespace

match classify(const opening& begun) {
  if (begun.client.empty()) // Servers do not speak first.
    return begun.server.empty() || begun.in_midstream ? match::perhaps : match::no;
  hello said;
  const auto greeting = match_of(read_hello(begun.client, said));
  if (!begun.in_midstream || greeting == match::yes)
    return greeting;
  const auto query = match_of(begins_query(begun.client));
  return query == match::no ? greeting : query;
}

} // namespace troupe::l7::clickhouse
