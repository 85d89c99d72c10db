// SPDX-License-Identifier: Apache-2.0
#include "actors/console/live_table.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace troupe {

live_table::live_table(int fd, bool in_place)
    : fd_(fd), terminal_(terminal_width(fd)), live_(terminal_ && in_place) {}

void live_table::begin() {
  if (live_)
    screen_.emplace(fd_);
}

size_t live_table::rows_max() const {
  return live_ ? std::max<size_t>(3, terminal_height(fd_)) - 2 : std::numeric_limits<size_t>::max();
}

write_result live_table::show(std::string text) {
  last_ = std::move(text);
  return live_ ? screen_->show(last_) : write_all(fd_, last_);
}

write_result live_table::end(write_result so_far) {
  screen_.reset();
  return live_ && so_far == write_result::ok ? write_all(fd_, last_) : so_far;
}

} // namespace troupe
