// SPDX-License-Identifier: Apache-2.0
#pragma once

// Finds out that an event of the kernel and one of a runtime are the same.

#include "actors/console/life_fields.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>

namespace troupe {

class life_pairs {
public:
  /// Further apart they are two events: a container is created an hour before its cgroup is.
  static constexpr int64_t window_ns = 10'000'000'000;
  static constexpr size_t waiting_max = 4096;

  /// How long after it happened in the kernel the runtime told of it; negative: before. Nothing
  /// when the other source has not told of it yet, or never does. `container` is the same text for
  /// both.
  std::optional<int64_t> match(const std::string& container, const life_row& row);

private:
  struct waiting {
    std::string container;
    std::string event;
    life_source source;
    uint32_t pid;
    int64_t known_ns;
  };

  void forget_old(int64_t now_ns);

  std::deque<waiting> waiting_; ///< in the order in which they came
};

} // namespace troupe
