// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tests/bpf/watched_kernel.hpp"

#include <string_view>

namespace troupe {

/// A ring of 16 KiB and the one cgroup whose events it is for: nobody else on this machine fills it
/// or loses something in it, so what arrived and what is counted as lost is what happened.
struct tiny_ring {
  tiny_ring() { records.keep(cgroup.id()); }

  [[nodiscard]] kernel_options options() const {
    auto result = test_options();
    result.ring_bytes = 16U << 10;
    result.only_cgroup = cgroup.id();
    return result;
  }

  uint64_t lost(event_kind kind, std::string_view reason = {}) {
    uint64_t result = 0;
    for (const auto& x : source.losses())
      if (x.kind == event_kind_names[kind] && (reason.empty() || x.reason == reason))
        result += x.count;
    return result;
  }

  uint64_t arrived_and_lost(event_kind kind) { return records.count(kind) + lost(kind); }

  void read_all() { source.poll(std::chrono::milliseconds{0}, records); }

  scratch_cgroup cgroup;
  kernel_source source{options()};
  kept_records records;
};

} // namespace troupe
