// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/console/list_fields.hpp"
#include "messages/runtime.hpp"

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

namespace troupe {

/// Turns what runtimes tell of their containers into what `troupe list -w` shows.
///
/// What an event leaves open (docker's start has no pid) a lookup tells a moment later. A container
/// that is not known in full is held back for that, but not for long, and every state is shown that
/// it went through.
class change_feed {
public:
  using time_point = std::chrono::steady_clock::time_point;

  /// An answer that takes longer than this is not waited for.
  static constexpr std::chrono::milliseconds patience{500};

  /// What became of a container; often nothing that is to be shown.
  std::vector<list_change> take(const container_change& change, time_point now);

  /// All containers that are known by their cgroup alone, as they are now.
  std::vector<list_change> take_walk(const std::vector<list_row>& rows);

  /// What was held back for long enough.
  std::vector<list_change> take_overdue(time_point now);

private:
  struct entry {
    std::optional<list_row> told;
    std::optional<list_row> held;
    time_point held_since;
  };
  using key = std::tuple<std::string, std::string, std::string>; ///< runtime, namespace, id

  static void tell(entry& x, const list_row& row, std::vector<list_change>& changes);
  static void release(entry& x, std::vector<list_change>& changes);

  std::map<key, entry> entries_;
  std::vector<list_row> walked_;
};

} // namespace troupe
