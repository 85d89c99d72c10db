// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/runtime_metadata/runtime_client.hpp"

#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace troupe {

/// How a lookup ended, as far as the queue must know.
enum class lookup_outcome : uint8_t { found, unknown, failed };

/// Which containers one endpoint has yet to be asked about, and when. Each container stands in it
/// once, however often it is asked for: that bounds it by the number of containers.
class lookup_queue {
public:
  using time_point = std::chrono::steady_clock::time_point;

  /// Asks as soon as possible. A persistent question is repeated with backoff until it is found or
  /// dropped, another is not.
  void ask(const container_query& query, bool persistent, time_point now);

  /// Something changed about the container: an answer that is under way may be older than that. It
  /// will be stale, and the question is asked again.
  void touch(const std::string& id);

  /// Whether the answer that comes now is stale. Ask before finish().
  [[nodiscard]] bool is_stale(const container_query& query) const;

  /// The answer is here (or none).
  void finish(const container_query& query, lookup_outcome outcome, time_point now);

  /// Nobody wants to know any more.
  void drop(const std::string& id);

  /// The endpoint is back: all waiting questions are due at `at`, and their backoff begins anew.
  void wake_all(time_point at);

  /// Takes up to `most` questions that are due; they are in flight until finish().
  std::vector<container_query> take(size_t most, time_point now);

  /// When the next waiting question is due.
  [[nodiscard]] std::optional<time_point> next_due() const;

  [[nodiscard]] size_t in_flight() const;
  [[nodiscard]] size_t size() const { return items_.size(); }

private:
  struct item {
    time_point due;
    uint32_t failures = 0;
    bool persistent = false;
    bool in_flight = false;
    bool stale = false;
    bool dropped = false; ///< while in flight
  };

  std::map<container_query, item> items_; ///< by id first
};

/// base, 2 base, 4 base, … up to `longest`.
std::chrono::milliseconds backoff(uint32_t failures, std::chrono::milliseconds base,
                                  std::chrono::milliseconds longest);

} // namespace troupe
