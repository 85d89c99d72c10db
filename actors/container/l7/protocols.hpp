// SPDX-License-Identifier: Apache-2.0
#pragma once

// Shared with: console

#include "actors/container/l7/conversation.hpp"

#include <vector>

namespace troupe::l7 {

/// Every protocol that troupe understands on TCP connections. The order is that of classification:
/// those with a beginning that nothing else has come first.
const std::vector<const protocol*>& protocols();

/// The same for UDP: each chunk is a datagram.
const std::vector<const protocol*>& datagram_protocols();

} // namespace troupe::l7
