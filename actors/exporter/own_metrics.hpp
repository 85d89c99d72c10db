// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/histogram.h>
#include <prometheus/metric_family.h>
#include <prometheus/registry.h>

#include <chrono>
#include <cstdint>
#include <string_view>
#include <vector>

namespace troupe {

/// What the endpoint counts about itself. Used by all HTTP threads at once.
class own_metrics {
public:
  own_metrics();

  /// A request for /metrics ended; `result` is "ok", "failed" or "aborted".
  void scraped(std::string_view result);
  /// The time from the request to the rendered text.
  void rendered(std::chrono::nanoseconds took);
  void http_error(int status);
  /// `reason` is "duplicate_container" or "duplicate_labels".
  void series_dropped(std::string_view reason, uint64_t count);

  [[nodiscard]] std::vector<prometheus::MetricFamily> collect() const;

private:
  prometheus::Registry registry_;
  prometheus::Family<prometheus::Counter>& scrapes_;
  prometheus::Family<prometheus::Counter>& http_errors_;
  prometheus::Family<prometheus::Counter>& series_dropped_;
  prometheus::Histogram& scrape_duration_;
};

} // namespace troupe
