// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace troupe::l7::http {

/// The length of a head with the empty line behind it; nothing while that has not come. Lines may
/// end in LF alone (RFC 9112 §2.2). `searched` says where to go on with more bytes; it begins at 0.
std::optional<size_t> head_length(std::string_view bytes, size_t& searched);

enum class framing : uint8_t { whole, need_more, invalid };

/// The line before a chunk of a chunked body (RFC 9112 §7.1).
struct chunk_line {
  uint64_t length = 0; ///< with its line break
  uint64_t data = 0;   ///< what follows, without its line break; 0: the last chunk
};

framing read_chunk_line(std::string_view bytes, chunk_line& line);

/// A line of the trailer section, with its line break. The section ends behind an empty one.
struct trailer_line {
  uint64_t length = 0;
  bool last = false;
};

framing read_trailer_line(std::string_view bytes, trailer_line& line);

} // namespace troupe::l7::http
