// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/container/l7/conversation.hpp"

namespace troupe::l7::kafka {

/// By the header of a request: an api and a version that exist, a client id that is text. The same
/// holds in mid-stream: requests are sent one by one.
match classify(const opening& begun);

} // namespace troupe::l7::kafka
