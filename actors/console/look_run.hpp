// SPDX-License-Identifier: Apache-2.0
// Uses CAF: it owns the actors of a look.
#pragma once

#include "actors/console/flow_graph.hpp"
#include "actors/console/output.hpp"
#include "actors/console/selector.hpp"
#include "actors/console/stop_signals.hpp"
#include "actors/console/troupe_run.hpp"
#include "messages/agent_status.hpp"
#include "messages/settings.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe {

/// The settings of a command that looks at flows with actors of its own.
[[nodiscard]] settings look_settings(settings config, bool l7);

/// An agent of a command's own that sums up who talks to whom: from its start to what was lost.
class look_run {
public:
  using time_point = std::chrono::steady_clock::time_point;

  /// `command` stands before each line of talk: "map".
  look_run(std::string_view command, const output_streams& streams, const stop_signals& stop,
           const selector& scope, troupe_factories factories);

  /// Waits until flows are seen. An exit code when it did not come to that.
  [[nodiscard]] std::optional<int> start();

  /// Waits a little for the containers that were asked for, and says how many there are; `how`
  /// goes on from there: "; Ctrl-C ends". False when the look ended meanwhile.
  [[nodiscard]] bool introduce(std::string_view how);

  /// What all containers have seen.
  [[nodiscard]] std::vector<container_snapshot_ptr> snapshots() { return run_.snapshots(); }

  /// Waits until what happened before the end has been taken in.
  void settle();

  /// An exit code: says why it failed, or what is missing.
  [[nodiscard]] int finish(bool allow_loss);

private:
  void tell(std::string_view line) const;
  [[nodiscard]] int ended_early() const;

  std::string command_;
  const output_streams& streams_;
  const stop_signals& stop_;
  const selector& scope_;
  troupe_run run_;
  std::vector<loss_count> losses_before_;
};

/// The addresses of this machine, and the names that containers asked DNS for.
[[nodiscard]] graph_names find_names(const std::vector<container_snapshot_ptr>& snapshots);

} // namespace troupe
