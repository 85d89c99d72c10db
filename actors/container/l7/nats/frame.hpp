// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/container/l7/conversation.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace troupe::l7::nats {

enum class verb : uint8_t { info, connect, pub, hpub, sub, unsub, msg, hmsg, ping, pong, ok, err };

/// A line of the client protocol of NATS, and how much payload follows it. Routes between servers
/// have others.
struct command {
  verb says = verb::ping;
  std::string_view subject;
  std::string_view text;     ///< behind the verb
  size_t line = 0;           ///< bytes, with the line break
  uint64_t payload = 0;      ///< bytes that follow, with their line break
  uint64_t header_bytes = 0; ///< of them
};

enum class framing : uint8_t { whole, need_more, invalid };

/// The line that `bytes` begin with, as one that this side may say.
framing read_command(side from, std::string_view bytes, command& x);

/// Where in `bytes`, which begin anywhere, a message begins: it has a payload, and that ends where
/// its line says. npos where there is none, or not all of it.
size_t find_message(side from, std::string_view bytes);

} // namespace troupe::l7::nats
