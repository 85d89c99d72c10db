// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "messages/control.hpp"
#include "messages/snapshot.hpp"

#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

namespace troupe {

/// The snapshots of all containers, over one gathering after the other.
///
/// Nobody says that a container is gone; the registry says how many there are. When as many
/// answered as there are, all others are gone and forgotten. While some are late, as many of the
/// silent ones as are missing are served from their last snapshot: those that answered last. A
/// silent one that is over is forgotten with the next complete gathering, or after `patience`
/// gatherings.
class gathering {
public:
  static constexpr uint64_t patience = 8;

  /// A new gathering begins; its number goes out with `collect`.
  uint64_t begin();

  /// The registry asked so many containers on behalf of gathering `id`.
  void expect(uint64_t id, uint64_t containers);

  /// A container's answer, to this gathering or late to an earlier one.
  void add(const collected& answer);

  /// Everybody answered.
  [[nodiscard]] bool complete() const;

  /// Ends the gathering: fills in what comes from containers.
  void finish(scrape_result& into);

  [[nodiscard]] uint64_t current() const { return current_; }

private:
  struct record {
    uint64_t answered = 0; ///< the newest gathering it answered
    container_snapshot_ptr snapshot;
  };

  void retire(const container_snapshot& gone);
  void forget_silent(bool all);
  [[nodiscard]] std::vector<const record*> latest_silent(uint64_t how_many) const;

  uint64_t current_ = 0;
  uint64_t answered_ = 0; ///< containers that answered this gathering
  std::optional<uint64_t> expected_;
  std::unordered_map<container_key, record> known_;
  latency_histogram retired_latency_; ///< of containers that are gone: totals must not fall
  uint64_t retired_overflow_ = 0;
  uint64_t retired_invalid_ = 0;
  nat_counts retired_nat_;
  std::vector<l7_understanding> retired_understood_;
};

} // namespace troupe
