// SPDX-License-Identifier: Apache-2.0
#include "actors/container/l7/conversation.hpp"

namespace troupe::l7 {

std::string_view to_string(unparsed reason) {
  return l7_unparsed_names.at(static_cast<size_t>(reason));
}

} // namespace troupe::l7
