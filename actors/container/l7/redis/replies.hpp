// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/container/l7/redis/frame.hpp"
#include "actors/container/l7/stream_reader.hpp"

#include <cstdint>
#include <string>

namespace troupe::l7::redis {

/// What a server said: an answer, or something that nobody asked for.
struct reply {
  uint64_t time_ns = 0;
  uint64_t bytes = 0;
  char type = 0;          ///< of the value, behind its attributes
  std::string kind;       ///< an array's or push's first value: "message", "subscribe"
  int64_t integer = -1;   ///< the last one in it: how many channels are subscribed to
  bool monitored = false; ///< a line of MONITOR's
};

/// Reads replies value by value. Aggregates may hold others to any depth: all that counts is how
/// many values are still to come.
class reply_reader {
public:
  /// Reads the next reply into current(). Adds bytes that were not captured to `lost`.
  progress read(stream_reader& stream, uint64_t& lost);
  const reply& current() const { return reply_; }

  void forget() { values_left_ = 0; }

private:
  progress read_value(stream_reader& stream, uint64_t& lost);
  void note(const resp_line& line, std::string_view behind);

  reply reply_;
  uint64_t values_left_ = 0;
};

} // namespace troupe::l7::redis
