// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/container/l7/conversation.hpp"

namespace troupe::l7 {

/// DNS over TCP.
extern const protocol dns_protocol;

/// DNS over UDP: each chunk is a datagram and that is a message. A conversation is what one socket
/// and one peer say; which of them asks is said by the messages.
extern const protocol dns_datagram_protocol;

} // namespace troupe::l7
