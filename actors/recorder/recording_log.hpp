// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/recorder/recording_writer.hpp"
#include "bpf/event.h"
#include "messages/host.hpp"
#include "messages/recording.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

namespace troupe {

/// A recording as it grows: what is written in which order, what is kept for further files, and
/// the first error. Blocks on the disk.
///
/// A file begins with the cgroups that are there and what runtimes said of them, so that it can be
/// replayed by itself, also after a rotation.
class recording_log {
public:
  recording_log(std::string path, const recording_limits& limits)
      : path_(std::move(path)), limits_(limits) {}

  /// Begins the file; a second call (the source was opened again) changes nothing.
  void begin(const recording_description& description);

  void add(recording_chunk&& chunk);
  void add(const cgroup_listing& listing);
  void add(const recorded_metadata& metadata);
  void add(const recording_losses& losses);

  /// Waits no longer for the first cgroup_listing, which records are kept back for.
  void release_records();

  /// Writes the end mark. Nothing is taken after it.
  void finish();

  /// Chunks that were written or given up since the last call.
  [[nodiscard]] uint32_t take_done() { return std::exchange(done_, 0); }

  [[nodiscard]] const recorder_status& status() const { return status_; }

private:
  using metadata_key = std::tuple<runtime_kind, std::string, std::string>;

  void write(frame_kind kind, std::span<const std::byte> payload);
  void write_cgroups(const std::vector<cgroup_found>& cgroups);
  void write_records(const recording_chunk& chunk);
  void note(const recording_chunk& chunk);
  void note_created(const cgroup_event& created);
  void rotate();
  void fail(std::string error);

  std::string path_;
  recording_limits limits_;
  recording_writer out_;
  recorder_status status_;
  bool begun_ = false;
  bool released_ = false;
  std::vector<recording_chunk> held_;
  uint32_t done_ = 0;
  std::unordered_map<cgroup_id, cgroup_found> cgroups_; ///< that are there now
  std::map<metadata_key, recorded_metadata> metadata_;
};

} // namespace troupe
