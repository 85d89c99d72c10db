// SPDX-License-Identifier: Apache-2.0
#include "actors/container/l7/stream_reader.hpp"

#include <algorithm>
#include <utility>

namespace troupe::l7 {

uint64_t stream_reader::drop_all() {
  const auto dropped = bytes().size() + std::exchange(hole_, 0);
  buffer_.clear();
  marks_.clear();
  consumed_ = 0;
  return dropped;
}

uint64_t stream_reader::resynchronise() {
  skip_ = 0;
  resumed_ = true;
  adrift_ = false;
  return drop_all();
}

void stream_reader::append(std::string_view bytes, uint64_t time_ns) {
  if (consumed_ > 0 && consumed_ + bytes.size() > buffer_max / 2) { // Not for every message.
    buffer_.erase(0, consumed_);
    for (auto& x : marks_)
      x.offset = x.offset > consumed_ ? x.offset - consumed_ : 0;
    consumed_ = 0;
  }
  if (marks_.size() < marks_max)
    marks_.push_back({buffer_.size(), time_ns});
  buffer_.append(bytes);
}

uint64_t stream_reader::time_ns() const {
  uint64_t result = 0;
  for (const auto& x : marks_)
    if (x.offset <= consumed_)
      result = x.time_ns;
  return result;
}

uint64_t stream_reader::take(const chunk& x) {
  uint64_t dropped = 0;
  if (begun_ && x.position != expected_) {
    const auto gap = x.position - expected_;
    if (x.position > expected_ && !has_bytes() && hole_ == 0 && skip_ >= gap)
      skip_ -= gap; // What was lost would have been passed over.
    else
      dropped += resynchronise();
  }
  begun_ = true;
  expected_ = x.position + x.size;
  if (hole_ > 0 || adrift_) // Nobody could pass over it.
    dropped += resynchronise();
  adrift_ = x.is_tail && resumed_ && !has_bytes();
  auto captured =
      x.captured.substr(0, static_cast<size_t>(std::min<uint64_t>(x.captured.size(), x.size)));
  const auto skipped = std::min(skip_, x.size);
  skip_ -= skipped;
  captured.remove_prefix(static_cast<size_t>(std::min<uint64_t>(skipped, captured.size())));
  const auto left = x.size - skipped;
  if (captured.empty()
      && !has_bytes()) { // The next message begins where nothing was captured, or not here.
    resumed_ = resumed_ || left > 0;
    return dropped + left;
  }
  const auto room = buffer_max - std::min(buffer_max, bytes().size());
  captured = captured.substr(0, room);
  append(captured, x.time_ns);
  hole_ = left - captured.size();
  return dropped;
}

uint64_t stream_reader::pass(uint64_t length) {
  resumed_ = false;
  adrift_ = false;
  const auto available = bytes().size();
  if (length < available || (length == available && hole_ == 0)) {
    consumed_ += static_cast<size_t>(length);
    while (marks_.size() > 1 && marks_[1].offset <= consumed_)
      marks_.erase(marks_.begin());
    if (!has_bytes())
      drop_all();
    return 0;
  }
  const auto behind = length - available;
  const auto hole = std::exchange(hole_, 0);
  drop_all();
  if (behind < hole) { // The next message begins where nothing was captured.
    resumed_ = true;
    return hole - behind;
  }
  skip_ = behind - hole;
  return 0;
}

} // namespace troupe::l7
