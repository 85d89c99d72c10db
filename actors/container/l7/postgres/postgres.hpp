// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/container/l7/conversation.hpp"

namespace troupe::l7 {

/// PostgreSQL's frontend/backend protocol, version 3.
extern const protocol postgres_protocol;

} // namespace troupe::l7
