// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/container/l7/conversation.hpp"

namespace troupe::l7::memcached {

/// A header of the binary protocol, a line that stores something, or a command and its answer.
match classify(const opening& begun);

} // namespace troupe::l7::memcached
