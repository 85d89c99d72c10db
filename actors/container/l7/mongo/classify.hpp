// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/container/l7/conversation.hpp"

namespace troupe::l7::mongo {

/// By a request's header and the beginning of what it has behind it, also in mid-stream.
match classify(const opening& begun);

} // namespace troupe::l7::mongo
