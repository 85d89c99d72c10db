// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/container/l7/conversation.hpp"

namespace troupe::l7::cassandra {

/// By OPTIONS or STARTUP, which every client says first; in mid-stream by a request whose body
/// makes sense, or by version 5's checksum of its frames.
match classify(const opening& begun);

} // namespace troupe::l7::cassandra
