// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/container/l7/byte_cursor.hpp"
#include "actors/container/l7/conversation.hpp"

#include <cstdint>
#include <string_view>

namespace troupe::l7::clickhouse {

inline constexpr uint64_t frame_head_bytes = 25;

/// A compressed part of a block: a checksum, the method, and the sizes of the rest and of what is
/// in it.
struct frame_head {
  uint8_t method = 0;
  uint64_t bytes = 0; ///< of the frame
  uint64_t content = 0;

  [[nodiscard]] bool is_lawful() const;
};

frame_head read_frame_head(byte_cursor& cursor);

/// Whether these bytes are the beginning of a packet with a block, asked where nothing proves that
/// one begins here.
bool begins_block(std::string_view bytes, side from, bool compressed);

} // namespace troupe::l7::clickhouse
