// SPDX-License-Identifier: Apache-2.0
#pragma once

// Shared with: console

#include "actors/bpf_reader/event_source.hpp"
#include "actors/recorder/recording_reader.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <span>
#include <string>

namespace troupe {

/// What came of a replay so far.
struct replay_progress {
  uint64_t records = 0;
  uint64_t invalid_frames = 0;    ///< the rest of such a frame is left out
  std::vector<loss_count> losses; ///< that the recording tells of
  bool finished = false;
  std::string error; ///< of the recording, names the offset; what was before it was replayed
};

/// What a recording holds beside records, in its order. Called in the reader's thread.
struct replay_listener {
  std::function<void(std::vector<cgroup_found>&&)> cgroups;
  std::function<void(recorded_metadata&&)> metadata;
  /// Once, when there is nothing more.
  std::function<void(const replay_progress&)> finished;
};

/// A recording in place of the kernel: gives its records in their order, at their own pace or as
/// fast as they are taken. Their times are those of the recorded machine.
class replay_source final : public event_source {
public:
  /// As fast as they are taken.
  static constexpr double no_pace = 0;

  /// `speed` is 1 for the recorded pace, 2 for twice as fast, and so on.
  replay_source(recording_reader recording, double speed, replay_listener listener);

  [[nodiscard]] bool live() const override { return false; }
  [[nodiscard]] bool ended() const override { return progress_.finished; }
  void poll(std::chrono::milliseconds wait, record_sink& sink) override;
  // The recorded walks are in the stream.
  bool walk_processes(record_sink& /*sink*/) override { return true; }
  void scan_sockets(record_sink& /*sink*/) override {}
  void walk_sockets(record_sink& /*sink*/) override {}
  void set_ignored(cgroup_id /*cgroup*/, bool /*ignored*/) override {}
  [[nodiscard]] std::vector<feature_status> features() const override;
  [[nodiscard]] std::vector<loss_count> losses() override { return progress_.losses; }
  [[nodiscard]] bool lost_lifecycle() override { return false; }
  [[nodiscard]] std::vector<map_usage> map_usages() override { return {}; }

private:
  enum class given : uint8_t { all, frame, enough, early };

  [[nodiscard]] uint64_t due_until_ns() const;
  bool load_frame();
  void take_frame(const recorded_frame& frame);
  given give(record_sink& sink, uint64_t until_ns, size_t& budget);
  void finish();

  recording_reader recording_;
  double speed_;
  replay_listener listener_;
  replay_progress progress_;
  std::span<const std::byte> records_; ///< the rest of a frame, where the recording has it
  std::chrono::steady_clock::time_point started_; ///< the first poll
};

} // namespace troupe
