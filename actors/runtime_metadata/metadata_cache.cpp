// SPDX-License-Identifier: Apache-2.0
#include "actors/runtime_metadata/metadata_cache.hpp"

#include "actors/runtime_metadata/metadata_bounds.hpp"

#include <cstdlib>
#include <set>

namespace troupe {
namespace {

constexpr size_t graves_max = 1024;
constexpr size_t entries_max = 2 * runtime_bounds::containers;

// A list's summary, or what a lookup could find out while the container's shim hung: it does not
// know all that we know, and must not erase it.
void merge_summary(cached_container& entry, const container_metadata& summary) {
  auto& metadata = entry.metadata;
  const bool same_state = metadata.state == summary.state;
  entry.complete = entry.complete && same_state && summary.state != container_state::unknown;
  metadata.runtime = summary.runtime;
  metadata.name = summary.name;
  metadata.image = summary.image;
  metadata.labels = summary.labels;
  metadata.sandbox = summary.sandbox;
  if (!summary.image_digest.empty())
    metadata.image_digest = summary.image_digest;
  // docker's lists have it in whole seconds.
  if (summary.created_ns != 0
      && summary.created_ns / 1'000'000'000 != metadata.created_ns / 1'000'000'000)
    metadata.created_ns = summary.created_ns;
  if (!summary.pod.empty())
    metadata.pod = summary.pod;
  if (!summary.sandbox_id.empty())
    metadata.sandbox_id = summary.sandbox_id;
  if (summary.state == container_state::unknown || same_state)
    return;
  metadata.state = summary.state;
  metadata.pid = 0;
  metadata.exit_code.reset();
}

// A lookup's answer, all of it; but containerd forgets starts and exits, which its events told.
void merge_full(cached_container& entry, container_metadata fresh) {
  const auto& old = entry.metadata;
  if (fresh.state == container_state::created && old.state == container_state::exited) {
    fresh.state = old.state;
    fresh.exit_code = old.exit_code;
    fresh.finished_ns = old.finished_ns;
  }
  if (fresh.state == container_state::unknown)
    fresh.state = old.state;
  if (fresh.started_ns == 0)
    fresh.started_ns = old.started_ns;
  if (fresh.image_digest.empty() && fresh.image == old.image)
    fresh.image_digest = old.image_digest;
  // An answer may be older than the kill that an event told of; a later life has its own.
  constexpr int64_t one_start_ns = 1'000'000'000; // The event's time and the runtime's book differ.
  const bool same_life = std::abs(fresh.started_ns - old.started_ns) < one_start_ns;
  fresh.oom_killed = fresh.oom_killed || (old.oom_killed && same_life);
  entry.metadata = std::move(fresh);
}

void start(cached_container& entry, const runtime_event& event) {
  auto& metadata = entry.metadata;
  metadata.state = container_state::running;
  metadata.started_ns = event.time_ns;
  metadata.finished_ns = 0;
  metadata.exit_code.reset();
  metadata.oom_killed = false;
  metadata.pid = event.metadata.pid;
  // docker's event has no pid, and the count of restarts may have risen.
  entry.complete = entry.complete && metadata.pid != 0;
}

void exit(cached_container& entry, const runtime_event& event) {
  auto& metadata = entry.metadata;
  metadata.state = container_state::exited;
  metadata.pid = 0;
  metadata.finished_ns =
      event.metadata.finished_ns != 0 ? event.metadata.finished_ns : event.time_ns;
  metadata.exit_code = event.metadata.exit_code;
  // In docker's events a label takes the place of an attribute with the same name.
  const bool disguised =
      metadata.runtime == runtime_kind::docker && metadata.labels.contains("exitCode");
  if (disguised)
    metadata.exit_code.reset();
  entry.complete = entry.complete && metadata.exit_code.has_value();
}

void merge_names(cached_container& entry, const runtime_event& event) {
  auto& metadata = entry.metadata;
  metadata.runtime = event.metadata.runtime;
  if (!event.metadata.image.empty())
    metadata.image = event.metadata.image;
  if (!event.named)
    return;
  metadata.name = event.metadata.name;
  if (!event.metadata.pod.empty()) {
    metadata.pod = event.metadata.pod;
    metadata.sandbox_id = event.metadata.sandbox_id;
  }
  if (!entry.named) { // Labels never change in docker, and an event's may be disguised.
    metadata.labels = event.metadata.labels;
    metadata.sandbox = event.metadata.sandbox;
  }
  entry.named = true;
}

void merge_event(cached_container& entry, const runtime_event& event) {
  merge_names(entry, event);
  auto& metadata = entry.metadata;
  switch (event.kind) {
    case runtime_event_kind::created:
      metadata.state = container_state::created;
      metadata.created_ns = event.time_ns;
      entry.complete = false;
      break;
    case runtime_event_kind::started:
      start(entry, event);
      break;
    case runtime_event_kind::exited:
      exit(entry, event);
      break;
    case runtime_event_kind::paused:
      metadata.state = container_state::paused;
      break;
    case runtime_event_kind::resumed:
      metadata.state = container_state::running;
      break;
    case runtime_event_kind::oom_killed:
      metadata.oom_killed = true;
      break;
    case runtime_event_kind::updated:
      entry.complete = false;
      break;
    case runtime_event_kind::health_changed:
      metadata.health = event.metadata.health;
      break;
    case runtime_event_kind::renamed: // The name is merged.
    case runtime_event_kind::removed: // See bury().
    case runtime_event_kind::exec_started:
    case runtime_event_kind::exec_exited:
    case runtime_event_kind::listed:
      break;
  }
}

// A removed container's id is used again: containerd leaves ids to its users.
void revive(cached_container& entry) {
  container_metadata blank;
  blank.id = std::move(entry.metadata.id);
  blank.name_space = std::move(entry.metadata.name_space);
  entry.metadata = std::move(blank);
  entry.removed = entry.named = entry.complete = false;
}

} // namespace

cached_container* metadata_cache::entry_for(const key& k, time_point now) {
  auto i = entries_.find(k);
  if (i == entries_.end()) {
    if (entries_.size() >= entries_max)
      return nullptr;
    i = entries_.emplace(k, cached_container{}).first;
    i->second.endpoint = k.endpoint;
    i->second.metadata.id = k.id;
    i->second.metadata.name_space = k.name_space;
    i->second.version = ++versions_;
  }
  i->second.heard_at = now;
  return &i->second;
}

void metadata_cache::bury(const key& k, cached_container& entry) {
  if (entry.removed)
    return;
  entry.removed = true;
  entry.complete = true;
  entry.metadata.pid = 0;
  if (entry.metadata.state != container_state::created)
    entry.metadata.state = container_state::exited;
  entry.version = ++versions_;
  graves_.emplace_back(k, entry.version);
  if (graves_.size() <= graves_max)
    return;
  const auto [oldest, version] = std::move(graves_.front());
  graves_.pop_front();
  // An id that was used again since has another version, and perhaps a later grave.
  if (auto i = entries_.find(oldest); i != entries_.end() && i->second.version == version)
    entries_.erase(i);
}

const cached_container* metadata_cache::put(size_t endpoint, const container_answer& answer,
                                            time_point now) {
  auto* entry = entry_for({answer.metadata.id, answer.metadata.name_space, endpoint}, now);
  if (entry == nullptr)
    return nullptr;
  const auto before = std::tuple{entry->metadata, entry->named, entry->removed};
  if (entry->removed)
    revive(*entry);
  if (answer.complete)
    merge_full(*entry, answer.metadata);
  else
    merge_summary(*entry, answer.metadata);
  entry->named = true;
  entry->complete = entry->complete || answer.complete;
  if (before != std::tie(entry->metadata, entry->named, entry->removed))
    entry->version = ++versions_;
  return entry;
}

const cached_container* metadata_cache::apply(size_t endpoint, const runtime_event& event,
                                              time_point now) {
  const key k{event.metadata.id, event.metadata.name_space, endpoint};
  auto* entry = entry_for(k, now);
  if (entry == nullptr)
    return nullptr;
  if (event.kind == runtime_event_kind::created && entry->removed)
    revive(*entry);
  // What comes after the end is an echo; but a look-up may have found the end before the event of
  // the exit was read.
  if (entry->removed && event.kind != runtime_event_kind::exited)
    return entry;
  const auto before = std::tuple{entry->metadata, entry->named};
  merge_event(*entry, event);
  if (before != std::tie(entry->metadata, entry->named))
    entry->version = ++versions_;
  if (event.kind == runtime_event_kind::removed)
    bury(k, *entry);
  return entry;
}

bool metadata_cache::remove(size_t endpoint, const container_query& query) {
  std::vector<key> gone;
  for (const auto* entry : find(query))
    if (entry->endpoint == endpoint && !entry->removed)
      gone.push_back({entry->metadata.id, entry->metadata.name_space, endpoint});
  for (const auto& k : gone)
    bury(k, entries_.at(k));
  return !gone.empty();
}

std::vector<container_query>
metadata_cache::remove_unlisted(size_t endpoint, const std::vector<container_answer>& listed,
                                time_point begun) {
  std::set<std::pair<std::string_view, std::string_view>> alive;
  for (const auto& answer : listed)
    alive.emplace(answer.metadata.id, answer.metadata.name_space);
  std::vector<key> gone;
  for (const auto& [k, entry] : entries_)
    if (k.endpoint == endpoint && !entry.removed && entry.heard_at < begun
        && !alive.contains({k.id, k.name_space}))
      gone.push_back(k);
  std::vector<container_query> buried;
  for (const auto& k : gone) {
    bury(k, entries_.at(k));
    buried.push_back({k.id, k.name_space});
  }
  return buried;
}

std::vector<const cached_container*> metadata_cache::find(const container_query& query) const {
  std::vector<const cached_container*> result;
  for (auto i = entries_.lower_bound({query.id, {}, 0});
       i != entries_.end() && i->first.id == query.id; ++i)
    if (query.name_space.empty() || i->first.name_space.empty()
        || i->first.name_space == query.name_space)
      result.push_back(&i->second);
  return result;
}

} // namespace troupe
