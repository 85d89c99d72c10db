// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/container/l7/conversation.hpp"

namespace troupe::l7 {

/// AMQP 0-9-1. Each message is an exchange: produced ("publish") or consumed ("deliver", "get"). A
/// method that makes the server close the channel or the connection is one, too, which has no
/// l7_exchange::method: it is no message.
extern const protocol rabbitmq_protocol;

} // namespace troupe::l7
