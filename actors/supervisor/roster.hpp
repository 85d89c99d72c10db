// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace troupe {

using steady_time = std::chrono::steady_clock::time_point;

/// The supervisor's children in the order of their start.
enum class role : uint8_t {
  console,
  host,
  runtime_metadata,
  registry,
  bpf_reader,
  gc_ticker,
  exporter,
  kubernetes_workloads,
};

inline constexpr size_t role_count = 8;

inline constexpr size_t index_of(role child) {
  return static_cast<size_t>(child);
}

/// As in logs and metric labels.
const char* to_string(role child);

/// Who is up, who waits for what, and when: the supervisor's decisions without its actors.
///
/// A child is started when everything it is built on runs. When one of those ends, the child is
/// stopped, and started again with the new one.
class roster {
public:
  static constexpr std::chrono::milliseconds first_backoff{100};
  static constexpr std::chrono::milliseconds max_backoff{10'000};
  static constexpr std::chrono::seconds healthy_after{60};
  static constexpr uint32_t max_failures = 8;
  /// A stopped child that is still there after this will not go; see overdue().
  static constexpr std::chrono::seconds stop_timeout{10};

  /// This run does without the child: whoever is built on it starts all the same.
  void leave_out(role child);

  void started(role child, steady_time now);

  /// The supervisor asked the child to end.
  void stopping(role child, steady_time now);

  /// The child ended because it was asked to.
  void stopped(role child);

  /// The child ended by itself. The wait before its next start; empty: give up.
  [[nodiscard]] std::optional<std::chrono::milliseconds> failed(role child, steady_time now);

  /// The first child that may be started now.
  [[nodiscard]] std::optional<role> next_to_start(steady_time now) const;

  /// Children that run although something they are built on does not.
  [[nodiscard]] std::vector<role> to_stop() const;

  /// A child that does not end although it was told to.
  [[nodiscard]] std::optional<role> overdue(steady_time now) const;

  [[nodiscard]] bool is_running(role child) const { return at(child).phase == phase_kind::running; }
  [[nodiscard]] bool is_stopping(role child) const {
    return at(child).phase == phase_kind::stopping;
  }
  [[nodiscard]] bool is_left_out(role child) const {
    return at(child).phase == phase_kind::left_out;
  }

  /// Every child of this run is up.
  [[nodiscard]] bool complete() const;

  /// How often it was started after the first time.
  [[nodiscard]] uint64_t restarts(role child) const;

private:
  enum class phase_kind : uint8_t { waiting, running, stopping, left_out };

  struct record {
    phase_kind phase = phase_kind::waiting;
    steady_time since;     ///< running: start; stopping: when it was told; waiting: not before
    uint32_t failures = 0; ///< since it last was healthy for a minute
    uint64_t starts = 0;
  };

  [[nodiscard]] const record& at(role child) const { return records_[index_of(child)]; }
  [[nodiscard]] record& at(role child) { return records_[index_of(child)]; }
  [[nodiscard]] bool has_what_it_needs(role child) const;

  std::array<record, role_count> records_;
};

} // namespace troupe
