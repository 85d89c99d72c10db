// SPDX-License-Identifier: Apache-2.0

#include "actors/exporter/gathering.hpp"

#include <algorithm>

namespace troupe {

namespace {

void add_to(std::vector<l7_understanding>& sums, const std::vector<l7_understanding>& more) {
  for (const auto& x : more) {
    auto sum = std::find_if(sums.begin(), sums.end(),
                            [&x](const auto& known) { return known.protocol == x.protocol; });
    if (sum == sums.end())
      sum = sums.insert(sum, l7_understanding{x.protocol, 0, {}, 0});
    sum->captured_bytes += x.captured_bytes;
    sum->overflow += x.overflow;
    for (size_t i = 0; i < l7_unparsed_reasons; ++i)
      sum->unparsed_bytes.at(i) += x.unparsed_bytes.at(i);
  }
}

} // namespace

uint64_t gathering::begin() {
  answered_ = 0;
  expected_.reset();
  return ++current_;
}

void gathering::expect(uint64_t id, uint64_t containers) {
  if (id == current_)
    expected_ = containers;
}

void gathering::add(const collected& answer) {
  // Answers to gatherings that were never begun would outlive every comparison below.
  if (!answer.snapshot || answer.scrape_id > current_)
    return;
  auto& last = known_[answer.snapshot->key];
  if (last.snapshot && answer.scrape_id <= last.answered)
    return; // Older than what is there, or a second answer.
  last = {answer.scrape_id, answer.snapshot};
  if (answer.scrape_id == current_)
    ++answered_;
}

bool gathering::complete() const {
  return expected_ && answered_ >= *expected_;
}

void gathering::retire(const container_snapshot& gone) {
  retired_latency_.merge(gone.route_latency);
  retired_overflow_ += gone.series_overflow;
  retired_invalid_ += gone.events_invalid;
  retired_nat_.add(gone.nat);
  add_to(retired_understood_, gone.l7_understood);
}

void gathering::forget_silent(bool all) {
  for (auto i = known_.begin(); i != known_.end();) {
    const auto silent_for = current_ - i->second.answered;
    if (silent_for == 0 || (!all && silent_for < patience)) {
      ++i;
      continue;
    }
    retire(*i->second.snapshot);
    i = known_.erase(i);
  }
}

std::vector<const gathering::record*> gathering::latest_silent(uint64_t how_many) const {
  std::vector<const record*> silent;
  for (const auto& [key, last] : known_)
    if (last.answered != current_)
      silent.push_back(&last);
  std::sort(silent.begin(), silent.end(), [](const record* a, const record* b) {
    return a->answered != b->answered ? a->answered > b->answered
                                      : a->snapshot->key > b->snapshot->key;
  });
  if (silent.size() > how_many)
    silent.resize(how_many);
  return silent;
}

void gathering::finish(scrape_result& into) {
  if (expected_) // Else the registry itself is silent: it says nothing about who is gone.
    forget_silent(complete());
  const auto missing = !expected_ ? known_.size() : *expected_ - std::min(*expected_, answered_);
  into.generation = current_;
  into.containers.clear();
  into.route_latency = retired_latency_;
  into.series_overflow = retired_overflow_;
  into.events_invalid = retired_invalid_;
  into.nat = retired_nat_;
  into.l7_understood = retired_understood_;
  for (const auto& [key, last] : known_) {
    if (last.answered == current_)
      into.containers.push_back(last.snapshot);
    into.route_latency.merge(last.snapshot->route_latency);
    into.series_overflow += last.snapshot->series_overflow;
    into.events_invalid += last.snapshot->events_invalid;
    into.nat.add(last.snapshot->nat);
    add_to(into.l7_understood, last.snapshot->l7_understood);
  }
  const auto stale = latest_silent(missing);
  into.stale_containers = stale.size();
  for (const auto* last : stale)
    into.containers.push_back(last->snapshot);
}

} // namespace troupe
