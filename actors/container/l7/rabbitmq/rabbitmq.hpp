// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/container/l7/conversation.hpp"

namespace troupe::l7 {

/// AMQP 0-9-1. Each message is an exchange: produced ("publish") or consumed ("deliver", "get"). A
/// method that makes the server close the channel or the connection is one, too. Its
/// l7_exchange::method says whether it is about messages: it is none for "queue.declare".
extern const protocol rabbitmq_protocol;

} // namespace troupe::l7
