// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/container/l7/conversation.hpp"
#include "actors/container/l7/stream_reader.hpp"

#include <cstddef>
#include <cstdint>
#include <utility>

namespace troupe::l7::http {

/// What comes next in a direction.
enum class place : uint8_t {
  head,
  awaited_body, ///< of a request that waits for "100 Continue"
  chunk_line,
  trailer,
  rest,   ///< a body that ends with the connection
  adrift, ///< unknown: in the midst of something, until a chunk begins with a head
};

/// One direction of a connection: heads, and bodies that are passed over.
class direction {
public:
  [[nodiscard]] std::string_view bytes() const { return reader_.bytes(); }
  [[nodiscard]] bool has_bytes() const { return reader_.has_bytes(); }
  [[nodiscard]] bool is_cut() const { return reader_.is_cut(); }
  [[nodiscard]] uint64_t time_ns() const { return reader_.time_ns(); }

  /// False: messages may have gone by unseen. The direction is adrift then.
  bool take(const chunk& x, sink& out);

  /// Passes a message, or a part of one, and says what comes behind it. False as above.
  bool pass(uint64_t length, place next, sink& out);

  enum class chunks : uint8_t { wait, end, lost };
  /// Passes what is there of a chunked body, and adds its length. Where the end comes, a head comes
  /// next; where it cannot be found any more the direction is adrift.
  chunks pass_chunks(uint64_t& passed, sink& out);

  [[nodiscard]] bool is_at_rest() const {
    return at == place::head && reader_.is_between_messages();
  }

  /// Gives up what is there: how many bytes. Adrift from here on, and `reason` is why.
  uint64_t give_up(unparsed reason);

  /// Gives up and tells so.
  void drop(unparsed reason, sink& out) { out.not_understood(reason, give_up(reason)); }

  place at = place::head;
  unparsed adrift_because = unparsed::not_captured;
  size_t searched = 0; ///< of the head that is being read
  uint64_t last_ns = 0;

private:
  stream_reader reader_;
  uint64_t expected_ = 0; ///< position of the next chunk
};

} // namespace troupe::l7::http
