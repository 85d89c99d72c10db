// SPDX-License-Identifier: Apache-2.0
#include "actors/container/l7/cassandra/classify.hpp"

#include "actors/container/l7/cassandra/frame.hpp"

namespace troupe::l7::cassandra {
namespace {

match classify_beginning(const header& x, std::string_view bytes) {
  if (x.code == opcode::options)
    return x.length == 0 ? match::yes : match::no;
  if (x.code != opcode::startup)
    return match::no;
  // The first of the options is not always this one, but it must be there.
  if (bytes.substr(header_bytes).find("CQL_VERSION") != std::string_view::npos)
    return match::yes;
  return x.length < 1024 && bytes.size() < x.size() ? match::perhaps : match::no;
}

bool may_be_first_answer(std::string_view bytes) {
  const auto x = read_header(bytes);
  if (!x)
    return bytes.empty()
           || (static_cast<uint8_t>(bytes[0]) >= 0x83U && static_cast<uint8_t>(bytes[0]) <= 0x85U);
  return is_lawful(bytes, *x, side::server) && is_of_handshake(x->code);
}

} // namespace

match classify(const opening& begun) {
  const auto& bytes = begun.client;
  if (bytes.empty()) // Servers do not speak first, but may be heard of first.
    return begun.in_midstream || may_be_first_answer(begun.server) ? match::perhaps : match::no;
  if (begun.in_midstream && read_outer_frame(bytes))
    return match::yes;
  const auto x = read_header(bytes);
  if (!x)
    return begun.in_midstream || (bytes[0] >= 3 && bytes[0] <= 5) ? match::perhaps : match::no;
  if (!is_lawful(bytes, *x, side::client))
    return match::no;
  if (!begun.in_midstream)
    return classify_beginning(*x, bytes);
  const auto is_one = is_likely_request(*x, bytes);
  if (!is_one)
    return match::perhaps;
  return *is_one ? match::yes : match::no;
}

} // namespace troupe::l7::cassandra
