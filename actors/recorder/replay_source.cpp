// SPDX-License-Identifier: Apache-2.0
#include "actors/recorder/replay_source.hpp"

#include <algorithm>
#include <thread>
#include <utility>

namespace troupe {

replay_source::replay_source(recording_reader recording, double speed, replay_listener listener)
    : recording_(std::move(recording)), speed_(speed), listener_(std::move(listener)) {}

void replay_source::poll(std::chrono::milliseconds wait, record_sink& sink) {
  if (started_ == std::chrono::steady_clock::time_point{})
    started_ = std::chrono::steady_clock::now();
  const auto until_ns = due_until_ns();
  size_t budget = replayed_bytes_a_poll;
  auto result = given::frame;
  while (result == given::frame && !progress_.finished)
    result = give(sink, until_ns, budget);
  if (result == given::early)
    std::this_thread::sleep_for(wait);
}

/// The time on the recorded machine up to which records are due now.
uint64_t replay_source::due_until_ns() const {
  if (speed_ == no_pace)
    return UINT64_MAX;
  const std::chrono::duration<double, std::nano> passed =
      std::chrono::steady_clock::now() - started_;
  return recording_.description().started_boottime_ns
         + static_cast<uint64_t>(passed.count() * speed_);
}

/// Gives the rest of the frame, or of a new one, as far as it is due and within the budget.
replay_source::given replay_source::give(record_sink& sink, uint64_t until_ns, size_t& budget) {
  if (records_.empty() && !load_frame()) {
    finish();
    return given::all;
  }
  while (!records_.empty()) {
    // Aligned: a frame's buffer comes from operator new, and each size is a multiple of 8.
    const auto& header = *reinterpret_cast<const event_header*>(records_.data());
    if (records_.size() < sizeof(header) || header.size < sizeof(header) || header.size % 8 != 0
        || header.size > records_.size()) {
      ++progress_.invalid_frames;
      records_ = {};
      return given::frame;
    }
    if (header.time_ns > until_ns)
      return given::early;
    if (header.size > budget)
      return given::enough;
    budget -= header.size;
    sink.take(header);
    records_ = records_.subspan(header.size);
    ++progress_.records;
  }
  return given::frame;
}

/// The next frame with records; what stands before it goes to the listener.
bool replay_source::load_frame() {
  while (auto frame = recording_.next()) {
    if (frame->kind != frame_kind::records || frame->payload.empty()) {
      take_frame(*frame);
      continue;
    }
    records_ = frame->payload; // Valid until the next frame is read.
    return true;
  }
  return false;
}

void replay_source::take_frame(const recorded_frame& frame) {
  switch (frame.kind) {
    case frame_kind::cgroups:
      if (auto cgroups = decode_cgroups(frame.payload))
        return listener_.cgroups(std::move(*cgroups));
      break;
    case frame_kind::metadata:
      if (auto metadata = decode_metadata(frame.payload))
        return listener_.metadata(std::move(*metadata));
      break;
    case frame_kind::losses:
      if (auto losses = decode_losses(frame.payload)) {
        progress_.losses = std::move(*losses);
        return;
      }
      break;
    case frame_kind::records: // Without any.
    case frame_kind::end:
      return;
  }
  ++progress_.invalid_frames;
}

void replay_source::finish() {
  progress_.finished = true;
  progress_.error = recording_.error();
  listener_.finished(progress_);
}

std::vector<feature_status> replay_source::features() const {
  return recording_.description().features;
}

} // namespace troupe
