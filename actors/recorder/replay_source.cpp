// SPDX-License-Identifier: Apache-2.0
#include "actors/recorder/replay_source.hpp"

#include <algorithm>
#include <cstring>
#include <thread>
#include <utility>

namespace troupe {

namespace {

/// So many frames a poll: other messages of the reader get their turn in between.
constexpr int frames_a_poll = 4;

} // namespace

replay_source::replay_source(recording_reader recording, pace speed, report on_finished)
    : recording_(std::move(recording)), speed_(speed), on_finished_(std::move(on_finished)) {}

void replay_source::poll(std::chrono::milliseconds wait, record_sink& sink) {
  uint64_t until_ns = UINT64_MAX;
  if (speed_ == pace::recorded && first_record_ns_ != 0) {
    const auto passed = std::chrono::steady_clock::now() - started_;
    until_ns = first_record_ns_ + static_cast<uint64_t>(std::chrono::nanoseconds(passed).count());
  }
  for (int frames = 0; frames < frames_a_poll && !progress_.finished; ++frames)
    if (!give(sink, until_ns)) {
      std::this_thread::sleep_for(wait); // The next record is not due yet.
      return;
    }
  if (progress_.finished)
    std::this_thread::sleep_for(wait);
}

/// Gives the rest of the frame, or a new one; false when its next record is younger than that.
bool replay_source::give(record_sink& sink, uint64_t until_ns) {
  if (at_ == size_ && !load_frame()) {
    finish();
    return true;
  }
  const auto* bytes = reinterpret_cast<const std::byte*>(records_.data());
  while (at_ < size_) {
    event_header header{};
    const auto left = size_ - at_;
    if (left >= sizeof(header))
      std::memcpy(&header, bytes + at_, sizeof(header));
    if (left < sizeof(header) || header.size < sizeof(header) || header.size % 8 != 0
        || header.size > left) {
      ++progress_.invalid_frames;
      at_ = size_;
      return true;
    }
    if (first_record_ns_ == 0) {
      first_record_ns_ = header.time_ns;
      started_ = std::chrono::steady_clock::now();
    }
    if (header.time_ns > until_ns)
      return false;
    sink.take(*reinterpret_cast<const event_header*>(bytes + at_));
    at_ += header.size;
    ++progress_.records;
  }
  return true;
}

bool replay_source::load_frame() {
  while (auto frame = recording_.next()) {
    if (frame->kind == frame_kind::losses) {
      if (auto losses = decode_losses(frame->payload))
        losses_ = std::move(*losses);
      continue;
    }
    if (frame->kind != frame_kind::records || frame->payload.empty())
      continue;
    size_ = frame->payload.size();
    at_ = 0;
    records_.resize((size_ + sizeof(uint64_t) - 1) / sizeof(uint64_t));
    std::memcpy(records_.data(), frame->payload.data(), size_);
    return true;
  }
  return false;
}

void replay_source::finish() {
  progress_.finished = true;
  progress_.error = recording_.error();
  if (on_finished_)
    on_finished_(progress_);
}

std::vector<feature_status> replay_source::features() const {
  return recording_.description().features;
}

} // namespace troupe
