// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/recorder/recording_format.hpp"

#include <cstdint>
#include <cstdio>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace troupe {

/// One frame, valid until the next call of next().
struct recorded_frame {
  frame_kind kind = frame_kind::end;
  std::span<const std::byte> payload;
};

/// Reads a recording from its beginning to its end, or to the first byte that is wrong. The file
/// is not trusted: nothing in it makes us read beyond it or take more than frame_bytes_max twice.
class recording_reader {
public:
  /// What is wrong with the file, for a user, names the offset; empty when it can be read.
  [[nodiscard]] std::string open(const std::string& path);

  /// Of a stream of one's own (a test, a fuzzer); `name` is for messages.
  [[nodiscard]] std::string open(FILE* stream, std::string name);

  [[nodiscard]] const recording_description& description() const { return description_; }

  /// The next frame, or nothing at the end; then error() tells whether it was a good end.
  std::optional<recorded_frame> next();

  /// Empty while all is well; else the thing, the offset and the cause. What was read before
  /// stands.
  [[nodiscard]] const std::string& error() const { return error_; }

  /// True when the recording was ended on purpose.
  [[nodiscard]] bool complete() const { return complete_; }

private:
  struct close_file {
    void operator()(FILE* x) const { fclose(x); }
  };

  std::string read_description();
  bool read(void* to, size_t size);
  std::optional<recorded_frame> fail(const std::string& cause);

  std::unique_ptr<FILE, close_file> file_;
  std::string name_;
  recording_description description_;
  uint64_t offset_ = 0;       ///< of the next byte
  uint64_t frame_offset_ = 0; ///< of the frame that is being read
  std::string error_;
  bool complete_ = false;
  std::vector<std::byte> stored_;
  std::vector<std::byte> raw_;
};

} // namespace troupe
