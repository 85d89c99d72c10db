// SPDX-License-Identifier: Apache-2.0

#include "actors/exporter/own_metrics.hpp"

#include "actors/exporter/families.hpp"
#include "messages/snapshot.hpp"

#include <string>

namespace troupe {

namespace {

template <class Builder>
auto& add_family(prometheus::Registry& registry, Builder builder, family_id id) {
  const auto& x = describe(id);
  return builder.Name(std::string{x.name}).Help(std::string{x.help}).Register(registry);
}

auto& add_counters(prometheus::Registry& registry, family_id id) {
  return add_family(registry, prometheus::BuildCounter(), id);
}

prometheus::Histogram::BucketBoundaries bucket_bounds() {
  prometheus::Histogram::BucketBoundaries bounds;
  for (auto ns : latency_buckets_ns)
    bounds.push_back(static_cast<double>(ns) / 1e9);
  return bounds;
}

} // namespace

own_metrics::own_metrics()
    : scrapes_(add_counters(registry_, family_id::scrapes)),
      http_errors_(add_counters(registry_, family_id::http_errors)),
      series_dropped_(add_counters(registry_, family_id::series_dropped)),
      scrape_duration_(
          add_family(registry_, prometheus::BuildHistogram(), family_id::scrape_duration)
              .Add({}, bucket_bounds())) {
  // Present from the start: a rate over a series that appears with its first count misses it.
  for (const auto* result : {"ok", "failed", "aborted"})
    scrapes_.Add({{"result", result}});
  for (const auto* reason : {"duplicate_container", "duplicate_labels"})
    series_dropped_.Add({{"reason", reason}});
}

void own_metrics::scraped(std::string_view result) {
  scrapes_.Add({{"result", std::string{result}}}).Increment();
}

void own_metrics::rendered(std::chrono::nanoseconds took) {
  scrape_duration_.Observe(std::chrono::duration<double>(took).count());
}

void own_metrics::http_error(int status) {
  http_errors_.Add({{"code", std::to_string(status)}}).Increment();
}

void own_metrics::series_dropped(std::string_view reason, uint64_t count) {
  series_dropped_.Add({{"reason", std::string{reason}}}).Increment(static_cast<double>(count));
}

std::vector<prometheus::MetricFamily> own_metrics::collect() const {
  return registry_.Collect();
}

} // namespace troupe
