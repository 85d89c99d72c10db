// SPDX-License-Identifier: Apache-2.0
#include "actors/exporter/l7_exposition.hpp"

#include "actors/exporter/label_value.hpp"
#include "actors/exporter/series_writer.hpp"

#include <algorithm>

namespace troupe {

namespace {

void put_place(std::string& out, const l7_place& place) {
  out.clear();
  if (place.inbound)
    return append_label(out, "listen_addr", place.destination);
  append_label(out, "destination", place.destination);
  append_label(out, "actual_destination", place.actual_destination);
}

void put_kind(std::string& out, l7_labels labels, const l7_requests& x) {
  if (labels == l7_labels::method) {
    append_label(out, "method", x.method);
  } else if (labels == l7_labels::domain) {
    append_label(out, "request_type", x.method);
    append_label(out, "domain", x.subject);
  }
  append_label(out, "status", x.status);
}

/// A place whose requests were never answered has no histogram: 17 series of zeros say nothing.
bool is_empty(const latency_histogram& x) {
  return std::all_of(x.counts.begin(), x.counts.end(), [](auto n) { return n == 0; });
}

void add_up(uint64_t& sum, uint64_t more) {
  sum += more;
}

void add_up(latency_histogram& sum, const latency_histogram& more) {
  sum.merge(more);
}

} // namespace

l7_exposition::side_rows* l7_exposition::rows_of(const l7_place& place) {
  const auto found = l7_row_of(place.protocol);
  return found ? &rows_.at(*found).at(place.inbound ? 1 : 0) : nullptr;
}

template <class Value>
void l7_exposition::append(row_list<Value>& to, std::string_view labels, const Value& value,
                           std::string_view own) {
  row<Value> x{pool_.size(), 0, 0, value};
  pool_.append(labels).append(1, ',');
  x.own = pool_.size();
  pool_.append(own);
  x.size = pool_.size() - x.begin;
  to.rows.push_back(std::move(x));
}

/// The rows of one container are there: those with the same labels become one.
template <class Value>
void l7_exposition::settle(row_list<Value>& list) {
  const auto own = [this](const row<Value>& x) {
    return std::string_view{pool_}.substr(x.own, x.begin + x.size - x.own);
  };
  const auto first = list.rows.begin() + static_cast<std::ptrdiff_t>(list.settled);
  std::sort(first, list.rows.end(), [&](const auto& a, const auto& b) { return own(a) < own(b); });
  auto kept = first;
  for (auto i = first; i != list.rows.end(); ++i) {
    if (kept != first && own(*std::prev(kept)) == own(*i))
      add_up(std::prev(kept)->value, i->value);
    else
      *kept++ = *i;
  }
  list.rows.erase(kept, list.rows.end());
  list.settled = list.rows.size();
}

void l7_exposition::add(std::string_view labels, const container_snapshot& container) {
  if (container.l7_requests_made.empty() && container.l7_durations_of.empty())
    return;
  for (const auto& x : container.l7_requests_made)
    if (auto* rows = rows_of(x.place)) {
      put_place(text_, x.place);
      put_kind(text_, l7_table::all[*l7_row_of(x.place.protocol)].labels, x);
      append(rows->requests, labels, x.count, text_);
    }
  for (const auto& x : container.l7_durations_of)
    if (auto* rows = rows_of(x.place); rows != nullptr && !is_empty(x.durations)) {
      put_place(text_, x.place);
      append(rows->durations, labels, x.durations, text_);
    }
  for (auto& protocol : rows_)
    for (auto& side : protocol) {
      settle(side.requests);
      settle(side.durations);
    }
}

template <class Value>
void l7_exposition::render(series_writer& out, const l7_family& family,
                           const row_list<Value>& list) const {
  out.begin(family.name, family.help, to_string(family.type));
  for (const auto& x : list.rows)
    out.sample(std::string_view{pool_}.substr(x.begin, x.size), x.value);
}

void l7_exposition::render(series_writer& out) const {
  for (size_t i = 0; i < l7_row_count; ++i)
    for (const bool inbound : {false, true}) {
      const auto& side = rows_.at(i).at(inbound ? 1 : 0);
      const auto& families = l7_families().at(i);
      render(out, families.at(l7_family_index(inbound, metric_type::counter)), side.requests);
      render(out, families.at(l7_family_index(inbound, metric_type::histogram)), side.durations);
    }
}

} // namespace troupe
