// SPDX-License-Identifier: Apache-2.0
#include "actors/runtime_metadata/lookup_queue.hpp"

#include <algorithm>
#include <utility>

namespace troupe {

using std::chrono::milliseconds;

namespace {

constexpr milliseconds failed_base{100};
// The runtime lives and does not know the container: most often it is not its own.
constexpr milliseconds unknown_base{500};
constexpr milliseconds longest_backoff{10'000};

} // namespace

milliseconds backoff(uint32_t failures, milliseconds base, milliseconds longest) {
  const auto doublings = std::min(failures, 20U);
  return std::min(base * (1U << doublings), longest);
}

void lookup_queue::ask(const container_query& query, bool persistent, time_point now) {
  auto& x = items_.try_emplace(query, item{now}).first->second;
  x.persistent = x.persistent || persistent;
  x.dropped = false;
  x.failures = 0;
  x.due = std::min(x.due, now);
}

void lookup_queue::touch(const std::string& id) {
  for (auto i = items_.lower_bound({id, {}}); i != items_.end() && i->first.id == id; ++i)
    i->second.stale = i->second.in_flight;
}

bool lookup_queue::is_stale(const container_query& query) const {
  auto i = items_.find(query);
  return i != items_.end() && i->second.stale;
}

void lookup_queue::finish(const container_query& query, lookup_outcome outcome, time_point now) {
  auto i = items_.find(query);
  if (i == items_.end())
    return;
  auto& x = i->second;
  x.in_flight = false;
  const bool again = std::exchange(x.stale, false) && outcome != lookup_outcome::failed;
  const bool over = outcome == lookup_outcome::found || !x.persistent;
  if (x.dropped || (over && !again)) {
    items_.erase(i);
    return;
  }
  const auto base = outcome == lookup_outcome::unknown ? unknown_base : failed_base;
  x.due = again ? now : now + backoff(x.failures++, base, longest_backoff);
}

void lookup_queue::drop(const std::string& id) {
  auto i = items_.lower_bound({id, {}});
  while (i != items_.end() && i->first.id == id) {
    i->second.dropped = i->second.in_flight; // It counts as in flight until its answer comes.
    i = i->second.in_flight ? std::next(i) : items_.erase(i);
  }
}

void lookup_queue::wake_all(time_point at) {
  for (auto& [query, x] : items_) {
    x.failures = 0;
    if (!x.in_flight)
      x.due = at;
  }
}

std::vector<container_query> lookup_queue::take(size_t most, time_point now) {
  std::vector<container_query> result;
  for (auto& [query, x] : items_) {
    if (result.size() == most)
      break;
    if (x.in_flight || x.due > now)
      continue;
    x.in_flight = true;
    result.push_back(query);
  }
  return result;
}

std::optional<lookup_queue::time_point> lookup_queue::next_due() const {
  std::optional<time_point> result;
  for (const auto& [query, x] : items_)
    if (!x.in_flight && (!result || x.due < *result))
      result = x.due;
  return result;
}

size_t lookup_queue::in_flight() const {
  return static_cast<size_t>(std::count_if(items_.begin(), items_.end(),
                                           [](const auto& x) { return x.second.in_flight; }));
}

} // namespace troupe
