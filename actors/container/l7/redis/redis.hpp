// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/container/l7/conversation.hpp"

namespace troupe::l7 {

/// RESP2 and RESP3, as redis, valkey and their kin speak it.
extern const protocol redis_protocol;

} // namespace troupe::l7
