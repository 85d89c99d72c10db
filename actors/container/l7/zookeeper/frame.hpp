// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/container/l7/conversation.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace troupe::l7::zookeeper {

inline constexpr size_t length_bytes = 4;
inline constexpr size_t request_head_bytes = length_bytes + 8;  ///< with xid and opcode
inline constexpr size_t reply_head_bytes = length_bytes + 16;   ///< with xid, zxid and error
inline constexpr size_t connect_head_bytes = length_bytes + 28; ///< up to the password

/// Numbers are in network byte order. The bytes must be there.
int32_t number32(std::string_view bytes, size_t at);
int64_t number64(std::string_view bytes, size_t at);

/// Bytes behind the length of a frame; nothing where it can be none.
std::optional<uint64_t> frame_length(std::string_view bytes);

/// Whether bytes begin with a client's first frame, which asks for a session.
match begins_connect(std::string_view bytes);

/// The same for any later frame, by an opcode with a path, or a ping.
match begins_request(std::string_view bytes);

} // namespace troupe::l7::zookeeper
