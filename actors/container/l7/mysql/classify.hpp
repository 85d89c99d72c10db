// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/container/l7/conversation.hpp"

namespace troupe::l7::mysql {

/// The server's greeting; in mid-stream a command and the first packet of its answer.
match classify(const opening& begun);

} // namespace troupe::l7::mysql
