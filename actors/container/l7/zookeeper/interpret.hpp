// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "messages/l7.hpp"

#include <cstdint>
#include <string_view>

namespace troupe::l7::zookeeper {

// What needs no number of its own has one of these (ClientCnxn).
inline constexpr int32_t xid_watch = -1;
inline constexpr int32_t xid_ping = -2;

inline constexpr int32_t opcode_exists = 3;
inline constexpr int32_t opcode_ping = 11;
inline constexpr int32_t opcode_multi = 14;

inline constexpr int32_t error_no_node = -101;

/// "getData"; empty where we do not know it.
std::string_view opcode_name(int32_t opcode);

/// Whether its request begins with the path of a node.
bool has_path(int32_t opcode);

/// A request from its length on, or what was captured of it. Without times and sizes.
l7_exchange to_exchange(std::string_view frame);

/// Sets status and outcome by the reply, from its length on.
void read_reply(std::string_view frame, l7_exchange& exchange);

/// Likewise by the reply to the first request of a connection: a session that is over already is
/// told by a timeout of zero.
void read_connect_reply(std::string_view frame, l7_exchange& exchange);

} // namespace troupe::l7::zookeeper
