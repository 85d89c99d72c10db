// SPDX-License-Identifier: Apache-2.0
// Uses CAF: it asks the actors of a run.
#pragma once

#include "actors/console/selector.hpp"
#include "actors/console/stop_signals.hpp"
#include "actors/console/troupe_run.hpp"
#include "messages/agent_status.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

namespace troupe {

/// The containers that have a name by now, as the scope flags see them.
[[nodiscard]] std::vector<container_scope>
scopes_of(const std::vector<container_snapshot_ptr>& snapshots);

/// How many of them are in scope.
[[nodiscard]] size_t count_matching(const selector& scope,
                                    const std::vector<container_scope>& present);

/// The end of a stream of traced events: what is still on its way, and what is missing.
class stream_end {
public:
  /// Of all losses those for which the stream shows less.
  using loss_filter = std::function<std::vector<loss_count>(const std::vector<loss_count>&)>;

  /// `kind` is what the events are called: "exec".
  stream_end(troupe_run& run, const stop_signals& stop, const selector& scope,
             std::chrono::milliseconds drain_interval, std::string_view kind, loss_filter filter);

  /// What was lost so far was lost before the stream began.
  void begins();

  /// Events that containers still hold: for want of a name, or because the console is behind.
  struct held_events {
    uint64_t unnamed = 0;
    uint64_t unprinted = 0;
    /// In cgroups that only look like a container's, so far: said, but no loss.
    uint64_t nobodys = 0;
  };
  [[nodiscard]] held_events held();

  /// Waits until what happened before the end has gone its way to the console.
  void settle();

  /// What is missing from the stream, by cause.
  [[nodiscard]] std::vector<loss_count> losses();

private:
  troupe_run& run_;
  const stop_signals& stop_;
  const selector& scope_;
  std::chrono::milliseconds drain_interval_;
  std::string_view kind_;
  loss_filter filter_;
  std::vector<loss_count> losses_before_;
};

} // namespace troupe
