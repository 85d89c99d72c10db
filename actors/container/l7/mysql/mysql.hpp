// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/container/l7/conversation.hpp"

namespace troupe::l7 {

/// The client/server protocol of MySQL and MariaDB.
extern const protocol mysql_protocol;

} // namespace troupe::l7
