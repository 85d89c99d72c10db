// SPDX-License-Identifier: Apache-2.0
#pragma once

// Messages of MongoDB's wire protocol, as its manual has them. All numbers are little-endian.

#include "actors/container/l7/conversation.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace troupe::l7::mongo {

inline constexpr size_t header_bytes = 16;
/// maxMessageSizeBytes of every server.
inline constexpr uint32_t message_bytes_max = 48'000'000;

enum class op : uint32_t {
  reply = 1,
  update = 2001,
  insert = 2002,
  query = 2004,
  get_more = 2005,
  remove = 2006,
  kill_cursors = 2007,
  compressed = 2012,
  msg = 2013,
};

struct header {
  uint32_t length = 0; ///< of the message, with this header
  uint32_t request_id = 0;
  uint32_t response_to = 0;
  op code = op::msg;
};

/// Nothing where there are fewer bytes than a header has.
std::optional<header> read_header(std::string_view bytes);

/// The length is one that a message has, and the code one of this side.
bool is_lawful(const header& x, side from);

} // namespace troupe::l7::mongo
