// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/container/l7/conversation.hpp"

namespace troupe::l7 {

/// Memcached's text protocol with its meta commands, and its binary one.
extern const protocol memcached_protocol;

} // namespace troupe::l7
