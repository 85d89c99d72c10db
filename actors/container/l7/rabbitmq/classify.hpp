// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/container/l7/conversation.hpp"

namespace troupe::l7::rabbitmq {

/// By the client's protocol header; in mid-stream by a whole frame of a method that exists.
match classify(const opening& begun);

} // namespace troupe::l7::rabbitmq
