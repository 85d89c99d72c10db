// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/container/l7/conversation.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::l7 {

/// One direction of a connection as messages: puts the captured bytes of chunks together, knows
/// which bytes were not captured, and passes over messages whose end has not come yet.
///
///   lost += reader.take(chunk);
///   while (reader.has_bytes()) {
///     const auto length = frame(reader.bytes());      // from what is there of the message
///     if (!length) {                                  // too little to tell
///       if (reader.is_cut()) lost += reader.resynchronise();
///       break;
///     }
///     interpret(reader.bytes().substr(0, *length));   // perhaps only its beginning
///     lost += reader.pass(*length);                   // also where all of it is not here yet
///   }
///
/// `lost` counts bytes that belong to no message that was passed: to be told as not_captured.
class stream_reader {
public:
  /// Bytes that wait for the rest of their message. A message that needs more to be understood
  /// cannot be.
  static constexpr size_t buffer_max = 16U << 10;

  /// Takes the next chunk of the direction.
  uint64_t take(const chunk& x);

  /// What is there of the next message, from its first byte on. Valid until the next change.
  [[nodiscard]] std::string_view bytes() const {
    return std::string_view{buffer_}.substr(consumed_);
  }
  [[nodiscard]] bool has_bytes() const { return consumed_ < buffer_.size(); }

  /// The byte behind bytes() will never come: it was not captured.
  [[nodiscard]] bool is_cut() const { return hole_ > 0; }

  /// All that came belongs to messages that were passed, and they have ended.
  [[nodiscard]] bool is_between_messages() const {
    return !has_bytes() && skip_ == 0 && hole_ == 0;
  }

  /// Bytes before these were lost, or given up: that a message begins here is to be seen, it does
  /// not follow from the one before.
  [[nodiscard]] bool is_resumed() const { return resumed_; }

  /// bytes() begins anywhere in a message, which is looked for and passed up to, or given up: a
  /// tail (conversation.hpp) of which nobody knows where its messages begin.
  [[nodiscard]] bool is_adrift() const { return adrift_; }

  /// When the first of bytes() came.
  [[nodiscard]] uint64_t time_ns() const;

  /// The message has `length` bytes: the next one begins behind them, wherever that is.
  uint64_t pass(uint64_t length);

  /// Gives up what is there. The next chunk is taken for the beginning of a message.
  uint64_t resynchronise();

private:
  /// From this offset in buffer_ on, bytes came at this time.
  struct mark {
    size_t offset = 0;
    uint64_t time_ns = 0;
  };
  /// Who writes byte by byte gets the time of an earlier byte.
  static constexpr size_t marks_max = 64;

  uint64_t drop_all();
  void append(std::string_view bytes, uint64_t time_ns);

  std::string buffer_;
  size_t consumed_ = 0;
  std::vector<mark> marks_;
  uint64_t hole_ = 0;     ///< bytes behind buffer_ that were not captured
  uint64_t skip_ = 0;     ///< bytes behind these that belong to a message that was passed
  uint64_t expected_ = 0; ///< position of the next chunk
  bool begun_ = false;
  bool resumed_ = false;
  bool adrift_ = false;
};

} // namespace troupe::l7
