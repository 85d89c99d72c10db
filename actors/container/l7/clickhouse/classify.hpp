// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/container/l7/conversation.hpp"

namespace troupe::l7::clickhouse {

/// By the client's Hello: a name, a version and a revision of the protocol; in mid-stream by a
/// query that says who asks, and from where.
match classify(const opening& begun);

} // namespace troupe::l7::clickhouse
