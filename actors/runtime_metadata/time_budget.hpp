// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/runtime_metadata/runtime_client.hpp"

#include <algorithm>
#include <chrono>

namespace troupe {

/// The time that several calls share.
class time_budget {
public:
  explicit time_budget(const call_limits& limits)
      : end_(std::chrono::steady_clock::now() + limits.timeout), stop_(limits.stop) {}

  [[nodiscard]] call_limits
  rest(std::chrono::milliseconds at_most = std::chrono::milliseconds::max()) const {
    using std::chrono::milliseconds;
    const auto left = std::chrono::ceil<milliseconds>(end_ - std::chrono::steady_clock::now());
    return {std::clamp(left, milliseconds{1}, at_most), stop_}; // 0 would mean: no bound
  }

private:
  std::chrono::steady_clock::time_point end_;
  std::stop_token stop_;
};

} // namespace troupe
