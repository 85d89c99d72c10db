// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/bpf_reader/bpf_objects.hpp"
#include "bpf/event.h"

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace troupe {

/// What the kernel lost: the map `losses`, and the programs' runs that it passed over because the
/// same program was interrupted on that CPU (recursion_misses).
class loss_counters {
public:
  explicit loss_counters(const bpf_objects& objects);

  /// Since the start; only what is not zero.
  [[nodiscard]] std::vector<loss_count> read();

  /// True when read() found a lifecycle event lost since this was called last.
  [[nodiscard]] bool lifecycle_grew();

private:
  struct program {
    std::string kind;
    int fd = -1;
    bool lifecycle = false;
  };

  void read_map(std::vector<loss_count>& result);
  void read_programs(std::vector<loss_count>& result);

  int map_fd_ = -1;
  std::vector<program> programs_;
  std::vector<uint64_t> per_cpu_;
  uint64_t lifecycle_ = 0;
  uint64_t lifecycle_before_ = 0;
};

} // namespace troupe
