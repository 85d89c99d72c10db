// SPDX-License-Identifier: Apache-2.0
#include "actors/container/l7/kafka/classify.hpp"

#include "actors/container/l7/kafka/frame.hpp"

namespace troupe::l7::kafka {
namespace {

bool may_be_first_response(std::string_view bytes) {
  response_header x;
  const auto state = read_response_header(bytes, x);
  return state != header_state::invalid
         && (bytes.size() < length_bytes || x.length <= first_response_bytes_max);
}

} // namespace

match classify(const opening& begun) {
  if (begun.client.empty()) // Brokers do not speak first, but may be heard of first.
    return begun.in_midstream || may_be_first_response(begun.server) ? match::perhaps : match::no;
  request_header x;
  switch (read_request_header(begun.client, x)) {
    case header_state::ok:
      return match::yes;
    case header_state::need_more:
      return match::perhaps;
    case header_state::invalid:
      break;
  }
  return match::no;
}

} // namespace troupe::l7::kafka
