// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/runtime_metadata/lookup_queue.hpp"
#include "actors/runtime_metadata/metadata_cache.hpp"
#include "actors/runtime_metadata/runtime_client.hpp"

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace troupe {

/// An answer to whoever asked for the container with this key.
struct metadata_update {
  container_key key = 0;
  container_metadata metadata;
  bool removed = false;
};

/// All that runtime_metadata knows and decides, without actors and without I/O: who is asked for,
/// what each runtime said, which endpoint to ask next. News go in, updates and lookups come out.
class metadata_book {
public:
  using time_point = std::chrono::steady_clock::time_point;

  /// With `details`, what clients say in detail is kept; else it is dropped: it is large, and has
  /// secrets.
  explicit metadata_book(const std::vector<runtime_endpoint>& endpoints, bool details = false);

  /// One more, at the end.
  void add_endpoint(const runtime_endpoint& endpoint, time_point now);

  /// From now on updates are made for this container, the first at once if it is known.
  void want(container_key key, const cgroup_identity& identity, time_point now);
  void forget(container_key key);

  // News of an endpoint, by its index.

  /// Its event stream is open.
  void opened(size_t endpoint, std::string version, time_point now);
  /// Its event stream broke or could not be opened.
  void lost(size_t endpoint, const call_error& error, time_point now);
  /// Its list, asked for at `begun`.
  void listed(size_t endpoint, const std::vector<container_answer>& answers, time_point begun,
              time_point now);
  void happened(size_t endpoint, const runtime_event& event, time_point now);
  /// The answer to a lookup that take_lookups() gave out, and how long it took.
  void looked_up(size_t endpoint, const container_query& query,
                 call_result<container_answer> result, std::chrono::nanoseconds took,
                 time_point now);

  /// What has to be sent; each call empties it.
  std::vector<metadata_update> take_updates();

  /// From now on changes are kept for take_changes(). Answers with all that is known, as listed.
  std::vector<container_change> observe(time_point now);
  /// Nobody observes any more.
  void unobserve();
  /// What has happened since; each call empties it.
  std::vector<container_change> take_changes();

  /// Up to `most` lookups to make now at this endpoint. None while its stream is closed for want of
  /// an answer: a list comes first when it is back, and answers most questions.
  std::vector<container_query> take_lookups(size_t endpoint, size_t most, time_point now);

  /// When take_lookups() has something again; empty when only news can change that.
  [[nodiscard]] std::optional<time_point> next_due() const;

  [[nodiscard]] const runtime_status& status(size_t endpoint) const {
    return endpoints_[endpoint].status;
  }
  [[nodiscard]] std::vector<runtime_status> statuses() const;
  /// Without what is on disk, which is no runtime: nobody can start it or allow it.
  [[nodiscard]] std::vector<runtime_status> runtime_statuses() const;

private:
  struct endpoint_record {
    runtime_status status;
    lookup_queue queue;
    bool ready = false; ///< lookups make sense
    bool heard = false; ///< it lives, or it was found that it does not
  };

  struct want_record {
    cgroup_identity identity;
    uint64_t sent_version = 0;
  };

  [[nodiscard]] bool is_bundles(size_t endpoint) const;
  [[nodiscard]] bool no_api_for(const cgroup_identity& identity) const;
  [[nodiscard]] bool docker_absent() const;
  [[nodiscard]] bool lacks_name(const cached_container& x) const;
  [[nodiscard]] bool concerns(size_t endpoint, const cgroup_identity& identity) const;
  [[nodiscard]] bool is_dockers(size_t endpoint, const std::string& name_space) const;
  [[nodiscard]] const cached_container* best(const cgroup_identity& identity) const;
  [[nodiscard]] bool wanted(const std::string& id) const { return by_id_.contains(id); }
  const cached_container* answer(container_key key, want_record& want);
  void ask(const cgroup_identity& identity, time_point now);
  void answer_or_ask(container_key key, time_point now);
  void ask_what_is_open(time_point now);
  void ask_bundles(const cgroup_identity& identity, time_point now);
  void ask_bundles_about(const std::string& id, time_point now);
  void put(size_t endpoint, container_answer answer, time_point now);
  void note(const cached_container& entry, const runtime_event& event, time_point now);
  void ask_for_observers(const cached_container& entry, time_point now);
  void note_removal(size_t endpoint, const container_query& query);
  void tell(const std::string& id);
  void tell_and_ask(const std::string& id, time_point now);

  bool details_;
  std::vector<endpoint_record> endpoints_;
  metadata_cache cache_;
  std::map<container_key, want_record> wants_;
  std::unordered_multimap<std::string, container_key> by_id_;
  std::vector<metadata_update> updates_;
  bool observed_ = false;
  std::vector<container_change> changes_;
};

} // namespace troupe
