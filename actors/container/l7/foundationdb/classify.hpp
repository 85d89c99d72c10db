// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/container/l7/conversation.hpp"

namespace troupe::l7::foundationdb {

/// By the packet with which a client begins; in mid-stream by a request of a known type.
match classify(const opening& begun);

} // namespace troupe::l7::foundationdb
