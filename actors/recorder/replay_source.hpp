// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/bpf_reader/event_source.hpp"
#include "actors/recorder/recording_reader.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>

namespace troupe {

/// What came of a replay so far.
struct replay_progress {
  uint64_t records = 0;
  uint64_t invalid_frames =
      0; ///< frames whose records cannot be: the rest of such a frame is left out
  bool finished = false;
  std::string error; ///< of the recording, names the offset; what was before it was replayed
};

/// A recording in place of the kernel: gives its records in their order, at their own pace or as
/// fast as they are taken. Their times are those of the recorded machine.
class replay_source final : public event_source {
public:
  enum class pace : uint8_t { recorded, as_fast_as_possible };
  using report = std::function<void(const replay_progress&)>;

  /// `on_finished` is called once, in the reader's thread, when there is nothing more.
  replay_source(recording_reader recording, pace speed, report on_finished);

  void poll(std::chrono::milliseconds wait, record_sink& sink) override;
  // The recorded walks are in the stream.
  bool walk_processes(record_sink& /*sink*/) override { return true; }
  void scan_sockets(record_sink& /*sink*/) override {}
  void walk_sockets(record_sink& /*sink*/) override {}
  void set_ignored(cgroup_id /*cgroup*/, bool /*ignored*/) override {}
  [[nodiscard]] std::vector<feature_status> features() const override;
  [[nodiscard]] std::vector<loss_count> losses() override { return losses_; }
  [[nodiscard]] bool lost_lifecycle() override { return false; }
  [[nodiscard]] std::vector<map_usage> map_usages() override { return {}; }

private:
  bool load_frame();
  bool give(record_sink& sink, uint64_t until_ns);
  void finish();

  recording_reader recording_;
  pace speed_;
  report on_finished_;
  replay_progress progress_;
  std::vector<loss_count> losses_;
  std::vector<uint64_t> records_; ///< of one frame; 64-bit words, so that records lie aligned
  size_t size_ = 0;
  size_t at_ = 0;
  uint64_t first_record_ns_ = 0; ///< its time on the recorded machine
  std::chrono::steady_clock::time_point started_;
};

} // namespace troupe
