// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/exporter/families.hpp"
#include "messages/snapshot.hpp"

#include <prometheus/metric_family.h>

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace troupe {

/// A duration as it is exported: seconds, exact to the nanosecond.
struct as_seconds {
  uint64_t ns = 0;
};

/// Writes series in Prometheus' text format 0.0.4. `labels` is always `a="b",c="d"`, not empty,
/// already escaped. The caller keeps families together and label sets unique.
class series_writer {
public:
  explicit series_writer(std::string& out);

  /// The samples that follow belong to this family. HELP and TYPE come with the first of them.
  void begin(family_id id);
  /// One that is not in families.hpp. The texts have to outlive its samples.
  void begin(std::string_view name, std::string_view help, std::string_view type);

  void sample(std::string_view labels, uint64_t value);
  void sample(std::string_view labels, double value);
  void sample(std::string_view labels, as_seconds value);
  void sample(std::string_view labels, const latency_histogram& value);

  /// A whole family of prometheus-cpp; `labels` come behind those of each metric.
  void family(const prometheus::MetricFamily& x, std::string_view labels);

  [[nodiscard]] uint64_t series() const { return series_; }

private:
  void head(std::string_view suffix, std::string_view labels);
  void line(std::string_view suffix, std::string_view labels, std::string_view le, uint64_t value);
  void metric(const prometheus::ClientMetric& x, prometheus::MetricType type,
              std::string_view labels);

  std::string& out_;
  std::string_view name_;
  std::string_view help_;
  std::string_view type_;
  bool announced_ = false;
  uint64_t series_ = 0;
  std::array<std::string, latency_buckets_ns.size() + 1> le_; ///< `,le="0.0005"` ...
};

} // namespace troupe
