// SPDX-License-Identifier: Apache-2.0
#include "actors/container/l7/protocols.hpp"

namespace troupe::l7 {

const std::vector<const protocol*>& protocols() {
  static const std::vector<const protocol*> all{};
  return all;
}

} // namespace troupe::l7
