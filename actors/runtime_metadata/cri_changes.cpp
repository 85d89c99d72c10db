// SPDX-License-Identifier: Apache-2.0
#include "actors/runtime_metadata/cri_changes.hpp"

#include <utility>

namespace troupe {
namespace {

runtime_event event_of(runtime_event_kind kind, const container_metadata& metadata) {
  runtime_event event;
  event.kind = kind;
  event.metadata = metadata;
  event.named = true;
  if (kind == runtime_event_kind::created)
    event.time_ns = metadata.created_ns;
  return event;
}

} // namespace

std::vector<runtime_event> cri_changes::since(const std::vector<container_answer>& answers) {
  using enum runtime_event_kind;
  std::vector<runtime_event> events;
  auto before = std::exchange(known_, {});
  for (const auto& [metadata, complete] : answers) {
    const auto now = metadata.state;
    known_.emplace(metadata.id, now);
    const auto i = before.find(metadata.id);
    const bool is_new = i == before.end();
    const auto then = is_new ? container_state::created : i->second;
    if (!is_new)
      before.erase(i);
    if (first_)
      continue;
    if (is_new)
      events.push_back(event_of(created, metadata));
    if (then != container_state::running && now == container_state::running)
      events.push_back(event_of(started, metadata));
    if (then != container_state::exited && now == container_state::exited) {
      if (then == container_state::created)
        events.push_back(event_of(started, metadata));
      events.push_back(event_of(exited, metadata));
    }
  }
  for (const auto& [id, state] : before) {
    container_metadata gone;
    gone.id = id;
    gone.runtime = runtime_kind::crio;
    events.push_back({.kind = removed, .metadata = std::move(gone), .exec = {}});
  }
  first_ = false;
  return events;
}

} // namespace troupe
