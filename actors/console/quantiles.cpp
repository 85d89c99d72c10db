// SPDX-License-Identifier: Apache-2.0
#include "actors/console/quantiles.hpp"

#include <algorithm>
#include <numeric>

namespace troupe {

namespace {

using histogram = duration_histogram;

/// The least duration of a bucket; the last but one's end is the last one's beginning.
uint64_t begin_of(size_t bucket) {
  if (bucket == 0)
    return 0;
  const auto doubling = (bucket - 1) / histogram::parts;
  const auto part = (bucket - 1) % histogram::parts;
  const auto base = uint64_t{1} << (histogram::least_bit + doubling);
  return base + base / histogram::parts * part;
}

} // namespace

uint64_t count_of(const duration_histogram& durations) {
  return std::accumulate(durations.counts.begin(), durations.counts.end(), uint64_t{0});
}

std::optional<uint64_t> quantile_ns(const duration_histogram& durations, unsigned per_cent) {
  const auto count = count_of(durations);
  if (count == 0)
    return std::nullopt;
  const auto rank = std::max<uint64_t>(1, (count * per_cent + 99) / 100); // From 1.
  uint64_t before = 0;
  size_t bucket = 0;
  while (before + durations.counts.at(bucket) < rank)
    before += durations.counts.at(bucket++);
  const auto begin = begin_of(bucket);
  if (bucket + 1 == histogram::size)
    return begin; // At least.
  // Those of one bucket are taken to lie evenly in it.
  const auto width = static_cast<double>(begin_of(bucket + 1) - begin);
  const auto place = (static_cast<double>(rank - before) - 0.5) / durations.counts.at(bucket);
  return begin + static_cast<uint64_t>(width * place);
}

duration_histogram added_since(const duration_histogram& before, const duration_histogram& now) {
  duration_histogram result;
  for (size_t i = 0; i < histogram::size; ++i)
    result.counts.at(i) = now.counts.at(i) - std::min(before.counts.at(i), now.counts.at(i));
  return result;
}

} // namespace troupe
