// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/exporter/l7_families.hpp"
#include "messages/snapshot.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace troupe {

class series_writer;

/// The families of requests. What protocols and places share by their labels is added up: HTTP/1
/// and HTTP/2 at one address are one series.
class l7_exposition {
public:
  /// `labels` are those of every series of the container, escaped.
  void add(std::string_view labels, const container_snapshot& container);

  /// All that was added, family by family.
  void render(series_writer& out) const;

private:
  /// Labels, as a place in `pool_`, and what they carry.
  template <class Value>
  struct row {
    size_t begin = 0;
    size_t size = 0;
    size_t own = 0; ///< where the row's own labels begin, behind those of its container
    Value value{};
  };

  template <class Value>
  struct row_list {
    std::vector<row<Value>> rows;
    size_t settled = 0; ///< so many are of containers before this one
  };

  struct side_rows {
    row_list<uint64_t> requests;
    row_list<latency_histogram> durations;
  };

  side_rows* rows_of(const l7_place& place);
  template <class Value>
  void append(row_list<Value>& to, std::string_view labels, const Value& value,
              std::string_view own);
  template <class Value>
  void settle(row_list<Value>& list);
  template <class Value>
  void render(series_writer& out, const l7_family& family, const row_list<Value>& list) const;

  std::string pool_;                                          ///< all labels back to back
  std::string text_;                                          ///< a row's own, in the making
  std::array<std::array<side_rows, 2>, l7_row_count> rows_{}; ///< by protocol; outbound, inbound
};

} // namespace troupe
