// SPDX-License-Identifier: Apache-2.0
#include "actors/console/top_l7.hpp"

#include "actors/console/map_documents.hpp"
#include "actors/console/quantiles.hpp"
#include "actors/console/row_output.hpp"
#include "actors/console/time_format.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace troupe {

namespace {

using row = l7_top_row;

constexpr std::array orders{l7_order::requests, l7_order::failed, l7_order::p50, l7_order::p95,
                            l7_order::p99};

uint64_t difference(uint64_t before, uint64_t now) {
  return now - std::min(before, now);
}

/// What came to `before`; a container that began anew has counted from zero.
flow_requests added(const flow_requests& before, const flow_requests& now) {
  if (now.count() < before.count())
    return now;
  flow_requests result;
  result.protocol = now.protocol;
  for (size_t i = 0; i < now.outcomes.size(); ++i)
    result.outcomes.at(i) = difference(before.outcomes.at(i), now.outcomes.at(i));
  result.request_bytes = difference(before.request_bytes, now.request_bytes);
  result.response_bytes = difference(before.response_bytes, now.response_bytes);
  result.durations = added_since(before.durations, now.durations);
  return result;
}

void merge(flow_requests& into, const flow_requests& more) {
  for (size_t i = 0; i < more.outcomes.size(); ++i)
    into.outcomes.at(i) += more.outcomes.at(i);
  into.request_bytes += more.request_bytes;
  into.response_bytes += more.response_bytes;
  into.durations.merge(more.durations);
}

uint64_t measure(const row& x, l7_order order) {
  switch (order) {
    case l7_order::requests:
      return x.now.count();
    case l7_order::failed:
      return x.now.failed();
    case l7_order::p50:
      return quantile_ns(x.now.durations, 50).value_or(0);
    case l7_order::p95:
      return quantile_ns(x.now.durations, 95).value_or(0);
    case l7_order::p99:
      break;
  }
  return quantile_ns(x.now.durations, 99).value_or(0);
}

template <unsigned PerCent>
field_value quantile_value(const row& x) {
  const auto ns = quantile_ns(x.now.durations, PerCent);
  return ns ? field_value{*ns} : field_value{};
}

template <unsigned PerCent>
std::string quantile_text(const row& x) {
  const auto ns = quantile_ns(x.now.durations, PerCent);
  return ns ? duration_text(*ns) : "-";
}

std::string peer_text(const row& x) {
  const bool has_port = !x.inbound && x.peer.is != graph_node::kind::container
                        && x.peer.is != graph_node::kind::other;
  return has_port ? x.address : x.peer.name;
}

std::vector<field<row>> who_fields() {
  return {
      {{"time", "TIME", 0, false, shown::structured, "the end of the interval"},
       [](const row& x) -> field_value {
         return rfc3339(x.unix_time_ns);
       }},
      {{"interval_ns", "INTERVAL", 0, true, shown::structured, "how long it was"},
       [](const row& x) -> field_value {
         return x.interval_ns;
       }},
      {{"container_id", "CONTAINER", 0, false, shown::everywhere, "as in metrics: /docker/web"},
       [](const row& x) -> field_value {
         return x.container_id;
       }},
      {{"direction", "DIRECTION", 0, false, shown::everywhere,
        "outbound: the container asked; inbound: it was asked", 6},
       [](const row& x) -> field_value {
         return std::string{x.inbound ? "inbound" : "outbound"};
       }},
      {{"peer", "PEER", 0, false, shown::everywhere,
        "the other end: a container's id, else its address or DNS name"},
       [](const row& x) -> field_value { return x.peer.name; },
       peer_text},
      {{"peer_kind", "PEER_KIND", 0, false, shown::structured,
        "container, machine (an address of this machine), loopback, outside, other"},
       [](const row& x) -> field_value {
         return std::string{to_string(x.peer.is)};
       }},
      {{"address", "ADDRESS", 0, false, shown::wide,
        "address and port that was dialled; inbound: of the container itself", 9},
       [](const row& x) -> field_value {
         return x.address;
       }},
      {{"protocol", "PROTOCOL", 0, false, shown::everywhere, "http, postgres, redis, ..."},
       [](const row& x) -> field_value {
         return std::string{to_string(x.now.protocol)};
       }},
  };
}

std::vector<field<row>> count_fields() {
  return {
      {{"requests_per_second", "REQUESTS/S", 0, true, shown::everywhere, "over the interval"},
       [](const row& x) -> field_value { return per_second(x.now.count(), x.interval_ns); },
       [](const row& x) {
         return rate_text(per_second(x.now.count(), x.interval_ns));
       }},
      {{"failed_per_second", "FAILED/S", 0, true, shown::everywhere,
        "of these, whose outcome is failed"},
       [](const row& x) -> field_value { return per_second(x.now.failed(), x.interval_ns); },
       [](const row& x) {
         return rate_text(per_second(x.now.failed(), x.interval_ns));
       }},
      {{"requests", "COUNT", 0, true, shown::structured, "requests in the interval"},
       [](const row& x) -> field_value {
         return x.now.count();
       }},
      {{"failed", "FAILURES", 0, true, shown::structured, "of these, whose outcome is failed"},
       [](const row& x) -> field_value {
         return x.now.failed();
       }},
      {{"unknown", "UNKNOWN", 0, true, shown::structured, "of these, whose outcome is unknown"},
       [](const row& x) -> field_value {
         return x.now.outcomes.at(static_cast<size_t>(l7_outcome::unknown));
       }},
  };
}

std::vector<field<row>> measure_fields() {
  return {
      {{"p50_ns", "P50", 0, true, shown::everywhere,
        "half of them took no longer, within 6 %; null: none was answered", 4},
       quantile_value<50>,
       quantile_text<50>},
      {{"p95_ns", "P95", 0, true, shown::everywhere, "95 % of them"},
       quantile_value<95>,
       quantile_text<95>},
      {{"p99_ns", "P99", 0, true, shown::everywhere, "99 % of them", 3},
       quantile_value<99>,
       quantile_text<99>},
      {{"request_bytes", "ASKED", 0, true, shown::wide, "size of the requests", 8},
       [](const row& x) -> field_value { return x.now.request_bytes; },
       [](const row& x) {
         return bytes_text(x.now.request_bytes);
       }},
      {{"response_bytes", "ANSWERED", 0, true, shown::wide, "size of the answers", 8},
       [](const row& x) -> field_value { return x.now.response_bytes; },
       [](const row& x) {
         return bytes_text(x.now.response_bytes);
       }},
      {{"requests_total", "TOTAL", 0, true, shown::everywhere, "requests since the command began",
        2},
       [](const row& x) -> field_value {
         return x.requests_total;
       }},
      {{"failed_total", "FAILED", 0, true, shown::everywhere, "of these, whose outcome is failed",
        2},
       [](const row& x) -> field_value {
         return x.failed_total;
       }},
  };
}

} // namespace

l7_sample read_l7(const std::vector<container_snapshot_ptr>& snapshots, const l7_choice& choice,
                  const graph_names& names, uint64_t taken_ns) {
  std::set<std::string_view> wanted;
  for (const auto& x : snapshots)
    if (choice.scope.matches(scope_of(x->identity, x->metadata)))
      wanted.insert(x->identity.container_id);
  const auto flows = match_flows(snapshots);
  const address_book book{flows, names};
  l7_sample result;
  result.taken_ns = taken_ns;
  for (size_t i = 0; i < flows.size(); ++i) {
    const auto& flow = *flows[i].stats;
    if (!wanted.contains(flows[i].container_id))
      continue;
    for (const auto& x : flow.requests) {
      if (!choice.protocols.empty()
          && std::find(choice.protocols.begin(), choice.protocols.end(), x.protocol)
                 == choice.protocols.end())
        continue;
      auto& entry =
          result
              .entries[{flows[i].container_id, flow.inbound, flow.client, flow.server, x.protocol}];
      entry.peer = peer_of(flows, i, book, names);
      entry.requests.protocol = x.protocol;
      merge(entry.requests, x);
    }
  }
  return result;
}

std::string_view to_string(l7_order order) {
  switch (order) {
    case l7_order::requests:
      return "requests";
    case l7_order::failed:
      return "failed";
    case l7_order::p50:
      return "p50";
    case l7_order::p95:
      return "p95";
    case l7_order::p99:
      break;
  }
  return "p99";
}

std::optional<l7_order> find_l7_order(std::string_view text) {
  for (const auto order : orders)
    if (text == to_string(order))
      return order;
  return std::nullopt;
}

std::vector<l7_top_row> l7_rows_between(const l7_sample& before, const l7_sample& now,
                                        int64_t unix_time_ns, l7_order order) {
  using shown_key = std::tuple<std::string, bool, graph_node, std::string, l7_protocol>;
  std::map<shown_key, l7_top_row> merged;
  const flow_requests nothing;
  for (const auto& [key, entry] : now.entries) {
    const auto& [container_id, inbound, client, address, protocol] = key;
    auto& x = merged[{container_id, inbound, entry.peer, address, protocol}];
    x.container_id = container_id;
    x.inbound = inbound;
    x.peer = entry.peer;
    x.address = address;
    x.now.protocol = protocol;
    const auto old = before.entries.find(key);
    merge(x.now,
          added(old == before.entries.end() ? nothing : old->second.requests, entry.requests));
    x.requests_total += entry.requests.count();
    x.failed_total += entry.requests.failed();
  }
  std::vector<std::pair<uint64_t, l7_top_row>> ranked;
  for (auto& [key, x] : merged) {
    x.unix_time_ns = unix_time_ns;
    x.interval_ns = difference(before.taken_ns, now.taken_ns);
    const auto rank = measure(x, order);
    ranked.emplace_back(rank, std::move(x));
  }
  std::stable_sort(ranked.begin(), ranked.end(), [](const auto& a, const auto& b) {
    return std::pair{a.first, a.second.requests_total}
           > std::pair{b.first, b.second.requests_total};
  });
  std::vector<l7_top_row> rows;
  rows.reserve(ranked.size());
  for (auto& x : ranked)
    rows.push_back(std::move(x.second));
  return rows;
}

const std::vector<field<l7_top_row>>& l7_top_fields() {
  static const auto fields = joined_fields({who_fields(), count_fields(), measure_fields()});
  return fields;
}

std::string render_l7_top(const std::vector<l7_top_row>& rows, const output_options& output,
                          std::optional<unsigned> terminal, size_t rows_max) {
  return render_documents(l7_top_fields(), rows, output, terminal, rows_max);
}

} // namespace troupe
