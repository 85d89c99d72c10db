// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/container/l7/conversation.hpp"

namespace troupe::l7 {

/// What clients of ZooKeeper and the server say. Pings and watches that fire are no requests.
extern const protocol zookeeper_protocol;

} // namespace troupe::l7
