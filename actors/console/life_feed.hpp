// SPDX-License-Identifier: Apache-2.0
#pragma once

// Makes one stream of what the kernel and the runtimes tell of containers' lives.

#include "actors/console/life_fields.hpp"
#include "actors/console/life_pairs.hpp"
#include "actors/console/selector.hpp"
#include "messages/runtime.hpp"
#include "messages/trace_event.hpp"

#include <chrono>
#include <deque>
#include <map>
#include <string>
#include <tuple>
#include <vector>

namespace troupe {

/// What a stream of containers' lives shows.
struct life_choice {
  selector scope;
  std::vector<std::string> pid_ids; ///< ids of the containers that the pids of the scope run in
  std::vector<std::string> events;  ///< of life_event_names(); empty: all
};

class life_feed {
public:
  using time_point = std::chrono::steady_clock::time_point;

  /// So long an event waits for its container's name, which a look-up brings.
  static constexpr std::chrono::milliseconds patience{2'000};
  /// Removed containers whose last events may still come.
  static constexpr size_t removed_max = 1'024;

  explicit life_feed(life_choice choice) : choice_(std::move(choice)) {}

  // Each answers with the rows that can be shown now. All that come are counted, shown or not.

  /// `boot_to_unix_ns` is unix_minus_boottime_ns().
  std::vector<life_row> take(const trace_batch& batch, int64_t boot_to_unix_ns);
  std::vector<life_row> take(const container_change& change, time_point now);
  /// Those that have waited long enough.
  std::vector<life_row> take_overdue(time_point now);

  /// Whether anything of this container is shown.
  [[nodiscard]] bool shows(const trace_batch& batch) const;
  [[nodiscard]] bool waits() const { return !held_.empty(); }
  [[nodiscard]] uint64_t filtered() const { return filtered_; }

private:
  using key = std::tuple<std::string, std::string, std::string>; ///< runtime, namespace, id

  struct held_rows {
    std::vector<life_row> rows;
    time_point since;
  };

  static key key_of(const container_metadata& metadata);
  void remember(const container_change& change);
  void show(life_row row, std::vector<life_row>& rows);
  void release(std::vector<life_row> held, const container_metadata& named,
               std::vector<life_row>& rows);
  [[nodiscard]] const container_metadata* known(const trace_batch& batch) const;

  life_choice choice_;
  life_pairs pairs_;
  std::map<key, held_rows> held_;
  /// What the runtimes have said of each container, by container id: images for the kernel's rows.
  std::map<std::string, container_metadata> known_;
  std::deque<std::string> removed_;
  uint64_t filtered_ = 0;
};

} // namespace troupe
