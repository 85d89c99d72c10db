// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/container/l7/redis/replies.hpp"
#include "actors/container/l7/redis/requests.hpp"

#include <cstdint>
#include <string_view>

namespace troupe::l7::redis {

/// What a command does to the conversation.
enum class effect : uint8_t {
  none,
  subscribes, ///< or unsubscribes: confirmed once for each channel
  monitors,
  replicates, ///< what follows is a copy of the data, and no conversation any more
  resets,     ///< subscriptions and MONITOR end
  reply_on,
  reply_off,
  reply_skip,
};

effect effect_of(const command& x);

/// Of a message that was published to a channel: nobody's answer.
bool is_message(std::string_view kind);
/// Of the answer to SUBSCRIBE and its kin.
bool is_confirmation(std::string_view kind);

/// "subscribe" confirms "SUBSCRIBE".
bool confirms(std::string_view kind, std::string_view operation);

bool is_error(const reply& x);

} // namespace troupe::l7::redis
