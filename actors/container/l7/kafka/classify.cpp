// SPDX-License-Identifier: Apache-2.0
#include "actors/container/l7/kafka/classify.hpp"

#include "actors/container/l7/kafka/frame.hpp"

namespace troupe::l7::kafka {

match classify(const opening& begun) {
  if (begun.client.empty()) // Brokers do not speak first.
    return begun.server.empty() || begun.in_midstream ? match::perhaps : match::no;
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
