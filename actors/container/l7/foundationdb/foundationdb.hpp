// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/container/l7/conversation.hpp"

namespace troupe::l7 {

extern const protocol foundationdb_protocol;

} // namespace troupe::l7
