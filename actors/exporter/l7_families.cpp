// SPDX-License-Identifier: Apache-2.0
#include "actors/exporter/l7_families.hpp"

#include <algorithm>

namespace troupe {

namespace {

std::string_view more_labels(l7_labels labels) {
  switch (labels) {
    case l7_labels::method:
      return "method, ";
    case l7_labels::domain:
      return "request_type, domain, ";
    case l7_labels::status:
      break;
  }
  return "";
}

l7_family make_family(const l7_row& row, bool inbound, metric_type type) {
  const bool is_counter = type == metric_type::counter;
  l7_family x;
  x.type = type;
  // A histogram whose name ends in _total breaks Prometheus' custom; dashboards rely on it.
  x.name.append("container_").append(row.name).append(inbound ? "_inbound_" : "_");
  x.name.append(row.what).append(is_counter ? "_total" : "_duration_seconds_total");
  x.labels = inbound ? "listen_addr" : family_table::outbound;
  if (is_counter)
    x.labels.append(", ").append(more_labels(row.labels)).append("status");
  x.help = is_counter ? "" : "Time from the first byte to that of the answer, of ";
  x.help.append(row.title).append(" ").append(row.what);
  x.help.append(inbound ? " that came to the container" : " that the container made");
  return x;
}

std::array<l7_family, 4> make_families(const l7_row& row) {
  std::array<l7_family, 4> result;
  for (const bool inbound : {false, true})
    for (const auto type : {metric_type::counter, metric_type::histogram})
      result.at(l7_family_index(inbound, type)) = make_family(row, inbound, type);
  return result;
}

constexpr size_t protocol_count = static_cast<size_t>(l7_protocol::foundationdb) + 1;

constexpr auto rows_by_protocol = [] {
  std::array<size_t, protocol_count> rows{};
  rows.fill(l7_row_count);
  for (size_t i = 0; i < l7_row_count; ++i)
    for (const auto spoken : l7_table::all[i].spoken)
      if (spoken != l7_protocol::opaque)
        rows.at(static_cast<size_t>(spoken)) = i;
  return rows;
}();

constexpr bool every_protocol_is_counted() {
  return std::count(rows_by_protocol.begin(), rows_by_protocol.end(), l7_row_count) == 1;
}
static_assert(every_protocol_is_counted(), "all but opaque have a row");

} // namespace

std::optional<size_t> l7_row_of(l7_protocol protocol) {
  const auto i = static_cast<size_t>(protocol);
  if (i >= protocol_count || rows_by_protocol.at(i) == l7_row_count)
    return std::nullopt;
  return rows_by_protocol.at(i);
}

const std::array<std::array<l7_family, 4>, l7_row_count>& l7_families() {
  static const auto all = [] {
    std::array<std::array<l7_family, 4>, l7_row_count> result;
    std::transform(std::begin(l7_table::all), std::end(l7_table::all), result.begin(),
                   make_families);
    return result;
  }();
  return all;
}

} // namespace troupe
