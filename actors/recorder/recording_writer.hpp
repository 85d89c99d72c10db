// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/recorder/recording_format.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace troupe {

struct recording_limits {
  uint64_t file_bytes_max = 0; ///< beyond it the file is full(); 0: never
  uint32_t files_kept = 3;     ///< of the renamed ones
};

/// Writes one recording. Every call may block on the disk. Errors are texts for a user, empty when
/// all went well; after one the file is good up to the last whole frame and nothing more is taken.
class recording_writer {
public:
  recording_writer() = default;
  ~recording_writer();
  recording_writer(const recording_writer&) = delete;
  recording_writer& operator=(const recording_writer&) = delete;

  /// Begins a file; an existing one is replaced.
  [[nodiscard]] std::string open(const std::string& path, const recording_description& description,
                                 const recording_limits& limits);

  /// At most frame_bytes_max at once.
  [[nodiscard]] std::string write(frame_kind kind, std::span<const std::byte> payload);

  /// The file has its size: time to rotate().
  [[nodiscard]] bool full() const {
    return limits_.file_bytes_max != 0 && file_bytes_ >= limits_.file_bytes_max;
  }

  /// Ends the file, renames it to FILE.1, an earlier FILE.1 to FILE.2 and so on, and begins a new
  /// one.
  [[nodiscard]] std::string rotate();

  /// Says that nothing is missing behind this, and closes the file.
  [[nodiscard]] std::string finish();

  /// Bytes written so far, renamed files included.
  [[nodiscard]] uint64_t bytes() const { return bytes_; }

private:
  std::string begin_file();
  std::string put(std::span<const std::byte> bytes);

  std::string path_;
  recording_description description_;
  recording_limits limits_;
  int fd_ = -1;
  uint64_t file_bytes_ = 0;
  uint64_t bytes_ = 0;
  std::vector<std::byte> packed_;
};

} // namespace troupe
