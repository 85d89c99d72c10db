// SPDX-License-Identifier: Apache-2.0
#include "actors/console/change_feed.hpp"

#include "actors/console/container_listing.hpp"

#include <utility>

namespace troupe {

void change_feed::tell(entry& x, const list_row& row, std::vector<list_change>& changes) {
  if (auto change = change_between(x.told, row))
    changes.push_back(std::move(*change));
  x.told = row;
}

void change_feed::release(entry& x, std::vector<list_change>& changes) {
  if (auto held = std::exchange(x.held, {}))
    tell(x, *held, changes);
}

std::vector<list_change> change_feed::take(const container_change& change, time_point now) {
  const auto& metadata = change.metadata;
  std::vector<list_change> changes;
  if (!change.named || is_hidden(metadata))
    return changes;
  const key k{std::string{to_string(metadata.runtime)}, metadata.name_space, metadata.id};
  auto& x = entries_[k];
  auto row = row_of(metadata);
  if (x.held && x.held->metadata.state != metadata.state)
    release(x, changes);
  if (change.kind == runtime_event_kind::removed) {
    release(x, changes);
    if (x.told)
      changes.push_back({"removed", std::move(row)});
    entries_.erase(k);
  } else if (change.complete) {
    x.held.reset();
    tell(x, row, changes);
  } else {
    if (!x.held)
      x.held_since = now;
    x.held = std::move(row);
  }
  return changes;
}

std::vector<list_change> change_feed::take_walk(const std::vector<list_row>& rows) {
  auto changes = changes_between(walked_, rows);
  walked_ = rows;
  return changes;
}

std::vector<list_change> change_feed::take_overdue(time_point now) {
  std::vector<list_change> changes;
  for (auto& [k, x] : entries_)
    if (x.held && now - x.held_since >= patience)
      release(x, changes);
  return changes;
}

} // namespace troupe
