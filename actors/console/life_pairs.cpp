// SPDX-License-Identifier: Apache-2.0
#include "actors/console/life_pairs.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <string_view>

namespace troupe {

namespace {

/// Events that both sources tell.
constexpr std::array<std::string_view, 6> common_events{"created",     "started", "exec",
                                                        "exec_exited", "oom",     "exited"};

bool may_be_one(uint32_t a, uint32_t b) {
  return a == 0 || b == 0 || a == b; // Not every runtime tells the pid.
}

} // namespace

void life_pairs::forget_old(int64_t now_ns) {
  while (!waiting_.empty()
         && (waiting_.size() >= waiting_max || now_ns - waiting_.front().known_ns > window_ns))
    waiting_.pop_front();
}

std::optional<int64_t> life_pairs::match(const std::string& container, const life_row& row) {
  if (std::find(common_events.begin(), common_events.end(), row.event) == common_events.end())
    return std::nullopt;
  const auto other = std::find_if(waiting_.begin(), waiting_.end(), [&](const waiting& x) {
    return x.source != row.source && x.event == row.event && x.container == container
           && may_be_one(x.pid, row.pid) && std::abs(row.known_ns - x.known_ns) <= window_ns;
  });
  if (other == waiting_.end()) {
    forget_old(row.known_ns);
    waiting_.push_back({container, row.event, row.source, row.pid, row.known_ns});
    return std::nullopt;
  }
  const auto delay = row.known_ns - other->known_ns;
  waiting_.erase(other);
  return row.source == life_source::runtime ? delay : -delay;
}

} // namespace troupe
