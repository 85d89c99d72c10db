// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/container/l7/conversation.hpp"

namespace troupe::l7::nats {

/// The server begins, with what it is. In mid-stream a line with a message tells.
match classify(const opening& begun);

} // namespace troupe::l7::nats
