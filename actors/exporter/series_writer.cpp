// SPDX-License-Identifier: Apache-2.0

#include "actors/exporter/series_writer.hpp"

#include "actors/exporter/label_value.hpp"

#include <charconv>
#include <cmath>

namespace troupe {

namespace {

constexpr std::string_view le_infinity = ",le=\"+Inf\"";

void append_number(std::string& out, uint64_t value) {
  char digits[20];
  const auto end = std::to_chars(digits, digits + sizeof(digits), value).ptr;
  out.append(digits, end);
}

void append_number(std::string& out, double value) {
  if (!std::isfinite(value)) {
    out.append(std::isnan(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf");
    return;
  }
  char digits[32]; // The shortest text that reads back as the same double has at most 24.
  const auto end = std::to_chars(digits, digits + sizeof(digits), value).ptr;
  out.append(digits, end);
}

void append_number(std::string& out, as_seconds value) {
  append_number(out, value.ns / 1'000'000'000);
  auto fraction = value.ns % 1'000'000'000;
  if (fraction == 0)
    return;
  char digits[10] = {'.'};
  for (int i = 9; i > 0; --i, fraction /= 10)
    digits[i] = static_cast<char>('0' + fraction % 10);
  std::string_view text{digits, sizeof(digits)};
  out.append(text.substr(0, text.find_last_not_of('0') + 1));
}

std::string_view text_of(prometheus::MetricType type) {
  switch (type) {
    case prometheus::MetricType::Counter:
      return "counter";
    case prometheus::MetricType::Gauge:
      return "gauge";
    case prometheus::MetricType::Histogram:
      return "histogram";
    default:
      return "untyped"; // troupe makes no others.
  }
}

std::string labels_of(const prometheus::ClientMetric& x, std::string_view more) {
  std::string labels;
  for (const auto& label : x.label)
    append_label(labels, label.name, label.value);
  if (!labels.empty())
    labels += ',';
  labels.append(more);
  return labels;
}

} // namespace

series_writer::series_writer(std::string& out) : out_(out) {
  for (size_t i = 0; i < latency_buckets_ns.size(); ++i) {
    le_[i] = ",le=\"";
    append_number(le_[i], as_seconds{latency_buckets_ns[i]});
    le_[i] += '"';
  }
  le_.back() = le_infinity;
}

void series_writer::begin(family_id id) {
  const auto& x = describe(id);
  begin(x.name, x.help, to_string(x.type));
}

void series_writer::begin(std::string_view name, std::string_view help, std::string_view type) {
  name_ = name;
  help_ = help;
  type_ = type;
  announced_ = false;
}

/// Everything of a line before its value. `labels` still lacks its closing brace.
void series_writer::head(std::string_view suffix, std::string_view labels) {
  if (!announced_) {
    announced_ = true;
    out_.append("# HELP ").append(name_).append(1, ' ').append(help_).append(1, '\n');
    out_.append("# TYPE ").append(name_).append(1, ' ').append(type_).append(1, '\n');
  }
  out_.append(name_).append(suffix).append(1, '{').append(labels);
  ++series_;
}

void series_writer::line(std::string_view suffix, std::string_view labels, std::string_view le,
                         uint64_t value) {
  head(suffix, labels);
  out_.append(le).append("} ");
  append_number(out_, value);
  out_ += '\n';
}

void series_writer::sample(std::string_view labels, uint64_t value) {
  line({}, labels, {}, value);
}

void series_writer::sample(std::string_view labels, double value) {
  head({}, labels);
  out_.append("} ");
  append_number(out_, value);
  out_ += '\n';
}

void series_writer::sample(std::string_view labels, as_seconds value) {
  head({}, labels);
  out_.append("} ");
  append_number(out_, value);
  out_ += '\n';
}

void series_writer::sample(std::string_view labels, const latency_histogram& value) {
  uint64_t cumulative = 0;
  for (size_t i = 0; i < value.counts.size(); ++i) {
    cumulative += value.counts[i];
    line("_bucket", labels, le_[i], cumulative);
  }
  head("_sum", labels);
  out_.append("} ");
  append_number(out_, as_seconds{value.sum_ns});
  out_ += '\n';
  line("_count", labels, {}, cumulative);
}

void series_writer::family(const prometheus::MetricFamily& x, std::string_view labels) {
  begin(x.name, x.help, text_of(x.type));
  for (const auto& one : x.metric)
    metric(one, x.type, labels_of(one, labels));
}

void series_writer::metric(const prometheus::ClientMetric& x, prometheus::MetricType type,
                           std::string_view labels) {
  if (type != prometheus::MetricType::Histogram)
    return sample(labels,
                  type == prometheus::MetricType::Counter ? x.counter.value : x.gauge.value);
  for (const auto& bucket : x.histogram.bucket) {
    std::string le = ",le=\"";
    append_number(le, bucket.upper_bound);
    le += '"';
    line("_bucket", labels, le, bucket.cumulative_count);
  }
  head("_sum", labels);
  out_.append("} ");
  append_number(out_, x.histogram.sample_sum);
  out_ += '\n';
  line("_count", labels, {}, x.histogram.sample_count);
}

} // namespace troupe
