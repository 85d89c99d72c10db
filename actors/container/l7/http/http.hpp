// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/container/l7/conversation.hpp"

namespace troupe::l7 {

/// HTTP/1.0 and 1.1 (RFC 9112). Answers come in the order of the requests. What follows a CONNECT
/// or an upgrade is not looked at, unless it is HTTP/2.
extern const protocol http_protocol;

} // namespace troupe::l7
