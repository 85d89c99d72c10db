// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/container/l7/conversation.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace troupe::l7::postgres {

enum class progress : uint8_t { done, need_more, invalid };

/// What a message says of itself. Those before the startup is over have no type.
struct header {
  char type = 0;
  uint32_t code = 0;   ///< of a startup packet: the protocol's version, or a request
  uint64_t length = 0; ///< of the message with its type and length
  size_t body = 0;     ///< where its body begins
};

inline constexpr uint32_t cancel_request = 80877102;
inline constexpr uint32_t ssl_request = 80877103;
inline constexpr uint32_t gss_request = 80877104;

/// A message of a client: a startup packet, which begins with a zero, or one with a type.
progress read_client_header(std::string_view bytes, header& out);

progress read_server_header(std::string_view bytes, header& out);

uint32_t read_uint32(std::string_view bytes);

} // namespace troupe::l7::postgres
