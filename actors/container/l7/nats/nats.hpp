// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/container/l7/conversation.hpp"

namespace troupe::l7 {

/// The client protocol of NATS. Each message that is published or delivered is an exchange.
extern const protocol nats_protocol;

} // namespace troupe::l7
