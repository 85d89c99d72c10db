// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/runtime_metadata/runtime_client.hpp"

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <tuple>
#include <vector>

namespace troupe {

/// What one endpoint has said of one container.
struct cached_container {
  size_t endpoint = 0;
  container_metadata metadata;
  bool named = false;    ///< name and labels are known: it can be shown
  bool complete = false; ///< a further lookup tells nothing new
  bool removed = false;  ///< the runtime forgot it
  uint64_t version = 0;  ///< another one whenever what can be shown changes; never reused
  std::chrono::steady_clock::time_point heard_at; ///< when the runtime last spoke of it
};

/// What the runtimes have said of all containers: answers from lists, lookups and events, merged.
/// Bounded; what was removed is remembered a while, since a container's first event may come later
/// than its runtime's last.
class metadata_cache {
public:
  using time_point = std::chrono::steady_clock::time_point;

  /// A lookup's or a list's answer. Returns the entry, or null where the cache is full.
  const cached_container* put(size_t endpoint, const container_answer& answer, time_point now);

  /// An event. Returns the entry, or null where the cache is full.
  const cached_container* apply(size_t endpoint, const runtime_event& event, time_point now);

  /// The runtime does not know the container (any more); false where we did not know it either.
  bool remove(size_t endpoint, const container_query& query);

  /// Marks as removed whatever the endpoint's list, begun at `begun`, does not have. Returns them.
  std::vector<container_query>
  remove_unlisted(size_t endpoint, const std::vector<container_answer>& listed, time_point begun);

  /// Every entry for this id (and namespace, unless that is empty).
  [[nodiscard]] std::vector<const cached_container*> find(const container_query& query) const;

  /// Calls function(entry) for each that the runtime has not forgotten.
  template <class Function>
  void for_each(Function&& function) const {
    for (const auto& [k, entry] : entries_)
      if (!entry.removed)
        function(entry);
  }

  /// The newest version that was given out.
  [[nodiscard]] uint64_t version() const { return versions_; }

  [[nodiscard]] size_t size() const { return entries_.size(); }

private:
  struct key {
    std::string id;
    std::string name_space;
    size_t endpoint = 0;
    // clang-tidy 14 takes the <=> for a comparison with 0. NOLINTNEXTLINE(modernize-use-nullptr)
    friend auto operator<=>(const key&, const key&) = default;
  };

  cached_container* entry_for(const key& k, time_point now);
  void bury(const key& k, cached_container& entry);

  std::map<key, cached_container> entries_;
  std::deque<std::pair<key, uint64_t>> graves_; ///< removed entries, oldest first, with version
  uint64_t versions_ = 0;
};

} // namespace troupe
