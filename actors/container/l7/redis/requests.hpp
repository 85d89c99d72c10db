// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/container/l7/redis/frame.hpp"
#include "actors/container/l7/stream_reader.hpp"

#include <cstdint>
#include <string>

namespace troupe::l7::redis {

/// What a client asked for.
struct command {
  uint64_t time_ns = 0;
  uint64_t bytes = 0;
  uint64_t arguments = 0; ///< without its name
  std::string name;       ///< in capitals; with its subcommand where it has some: "CONFIG GET"
  std::string text;       ///< name and arguments, as far as they were captured and within bounds
  bool takes_subcommand = false;
};

/// Reads commands, as arrays of bulk strings or as a line of words, value by value: what is long is
/// passed over, what is cut within is told with what is known of it.
class command_reader {
public:
  /// Reads the next command into current(). Adds bytes that were not captured to `lost`.
  progress read(stream_reader& stream, uint64_t& lost);
  command& current() { return command_; }

  /// What was begun is forgotten.
  void forget() { values_left_ = 0; }

private:
  progress begin(stream_reader& stream, uint64_t& lost);
  progress read_words(stream_reader& stream, uint64_t& lost);
  progress read_value(stream_reader& stream, uint64_t& lost);
  void add_argument(std::string_view text);

  command command_;
  uint64_t values_left_ = 0;
  uint64_t values_read_ = 0;
  bool begun_ = false; ///< a command was seen
};

} // namespace troupe::l7::redis
