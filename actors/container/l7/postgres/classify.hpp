// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/container/l7/conversation.hpp"

namespace troupe::l7::postgres {

/// A startup packet, or a request for encryption or to cancel; in mid-stream a message of each end,
/// or a query that reads like one.
match classify(const opening& begun);

} // namespace troupe::l7::postgres
