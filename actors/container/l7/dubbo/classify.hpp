// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/container/l7/conversation.hpp"

namespace troupe::l7::dubbo {

/// By the magic number of the client's message, or in mid-stream of either side's.
match classify(const opening& begun);

} // namespace troupe::l7::dubbo
