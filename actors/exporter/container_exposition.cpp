// SPDX-License-Identifier: Apache-2.0

// The families of scope container. Labels are escaped once per row (a container, a destination, a
// peer, ...), not once per series: a row's text serves all families of its kind.

#include "actors/exporter/exposition.hpp"
#include "actors/exporter/l7_exposition.hpp"
#include "actors/exporter/label_value.hpp"
#include "actors/exporter/series_writer.hpp"

#include <algorithm>
#include <numeric>
#include <set>
#include <utility>

namespace troupe {

namespace {

/// The labels of one row, as a place in a text_pool, and what it says.
template <class Stats>
struct row {
  size_t begin = 0;
  size_t size = 0;
  size_t own = 0; ///< where the row's own labels begin, behind those of its container
  const Stats* stats = nullptr;
};

/// The label texts of all rows back to back. It grows, so rows keep offsets.
using text_pool = std::string;

template <class Stats>
struct row_set {
  std::vector<row<Stats>> rows;
  uint64_t left_out = 0;

  /// Adds what one container has, each label set once. `write` appends the labels of one.
  template <class Write>
  void add(text_pool& pool, std::string_view container, const std::vector<Stats>& all,
           Write write) {
    const auto first = static_cast<std::ptrdiff_t>(rows.size());
    for (const auto& stats : all) {
      row<Stats> x{pool.size(), 0, 0, &stats};
      pool.append(container);
      x.own = pool.size();
      write(pool, stats);
      x.size = pool.size() - x.begin;
      rows.push_back(x);
    }
    const auto own = [&](const row<Stats>& x) {
      return std::string_view{pool}.substr(x.own, x.begin + x.size - x.own);
    };
    std::stable_sort(rows.begin() + first, rows.end(),
                     [&](const auto& a, const auto& b) { return own(a) < own(b); });
    const auto kept = std::unique(rows.begin() + first, rows.end(),
                                  [&](const auto& a, const auto& b) { return own(a) == own(b); });
    left_out += static_cast<uint64_t>(rows.end() - kept);
    rows.erase(kept, rows.end());
  }
};

struct container_row {
  std::string id;     ///< `container_id="..."`
  std::string labels; ///< all that every series of the container carries
  const container_snapshot* snapshot = nullptr;
};

std::string container_labels(const container_snapshot& x, std::string_view id,
                             std::string_view machine, const exposition_input& input) {
  std::string out{id};
  append_label(out, "app_id",
               x.identity.app_id.empty() ? x.identity.container_id : x.identity.app_id);
  if (input.pod_labels) {
    append_label(out, "namespace", x.identity.name_space);
    append_label(out, "pod", x.identity.pod);
    append_label(out, "container", x.identity.container);
    append_label(out, "node", input.scrape.node.hostname);
  }
  return out.append(1, ',').append(machine);
}

/// Of two with the same id the one that a runtime named wins, then the older: it is the one that
/// adopts the other.
bool comes_first(const container_row& a, const container_row& b) {
  if (a.id != b.id)
    return a.id < b.id;
  const auto provisional = [](const auto& x) {
    return x.snapshot->identity.provisional;
  };
  if (provisional(a) != provisional(b))
    return provisional(b);
  return a.snapshot->key < b.snapshot->key;
}

std::vector<container_row> container_rows(const exposition_input& input, uint64_t& left_out) {
  const auto machine = machine_labels(input.scrape.node);
  std::vector<container_row> rows;
  rows.reserve(input.scrape.containers.size());
  for (const auto& x : input.scrape.containers) {
    if (!x || !x->exported)
      continue;
    container_row one;
    append_label(one.id, "container_id", x->identity.container_id);
    one.labels = container_labels(*x, one.id, machine, input);
    one.snapshot = x.get();
    rows.push_back(std::move(one));
  }
  std::sort(rows.begin(), rows.end(), comes_first);
  const auto kept = std::unique(rows.begin(), rows.end(),
                                [](const auto& a, const auto& b) { return a.id == b.id; });
  left_out = static_cast<uint64_t>(rows.end() - kept);
  rows.erase(kept, rows.end());
  return rows;
}

/// All rows below the containers'.
struct network_rows {
  text_pool pool;
  row_set<listen_stats> listens;
  row_set<destination_stats> outbound;
  row_set<inbound_stats> inbound;
  row_set<ip_latency> latencies;

  void add(const container_row& container) {
    auto prefix = container.labels + ',';
    const auto& x = *container.snapshot;
    const auto label = [](text_pool& to, std::string_view opening, std::string_view value) {
      to.append(opening);
      append_label_value(to, value);
    };
    listens.add(pool, prefix, x.listens, [&](text_pool& to, const listen_stats& one) {
      label(to, "listen_addr=\"", one.listen_addr);
      label(to, "\",proxy=\"", one.proxy);
      to += '"';
    });
    outbound.add(pool, prefix, x.outbound, [&](text_pool& to, const destination_stats& one) {
      label(to, "destination=\"", one.destination);
      label(to, "\",actual_destination=\"", one.actual_destination);
      to += '"';
    });
    inbound.add(pool, prefix, x.inbound, [&](text_pool& to, const inbound_stats& one) {
      label(to, "listen_addr=\"", one.listen_addr);
      label(to, "\",peer=\"", one.peer);
      to += '"';
    });
    latencies.add(pool, prefix, x.latencies, [&](text_pool& to, const ip_latency& one) {
      label(to, "destination_ip=\"", one.destination_ip);
      to += '"';
    });
  }

  [[nodiscard]] uint64_t left_out() const {
    return listens.left_out + outbound.left_out + inbound.left_out + latencies.left_out;
  }
};

bool is_empty(const latency_histogram& x) {
  return std::all_of(x.counts.begin(), x.counts.end(), [](auto n) { return n == 0; });
}

/// One family: a series for each row. `value` takes the row's stats.
template <class Stats, class Value>
void emit(series_writer& out, family_id id, const text_pool& pool, const row_set<Stats>& set,
          Value value) {
  out.begin(id);
  for (const auto& x : set.rows)
    out.sample(std::string_view{pool}.substr(x.begin, x.size), value(*x.stats));
}

/// A destination without a sample yet has no histogram: 17 series of zeros say nothing.
template <class Stats>
void emit_rtt(series_writer& out, family_id id, const text_pool& pool, const row_set<Stats>& set) {
  out.begin(id);
  for (const auto& x : set.rows)
    if (!is_empty(x.stats->rtt))
      out.sample(std::string_view{pool}.substr(x.begin, x.size), x.stats->rtt);
}

void render_info(series_writer& out, const std::vector<container_row>& rows) {
  out.begin(family_id::container_info);
  std::string labels;
  for (const auto& x : rows) {
    const auto& meta = x.snapshot->metadata;
    labels = x.labels;
    append_label(labels, "image", meta.image);
    append_label(labels, "runtime", to_string(meta.runtime));
    append_label(labels, "runtime_id", meta.id);
    append_label(labels, "state", to_string(meta.state));
    append_label(labels, "systemd_type", meta.systemd_type);
    append_label(labels, "systemd_triggered_by", meta.systemd_triggered_by);
    out.sample(labels, uint64_t{1});
  }
}

void render_counts(series_writer& out, const std::vector<container_row>& rows) {
  out.begin(family_id::container_restarts);
  for (const auto& x : rows)
    out.sample(x.labels, x.snapshot->restarts);
  out.begin(family_id::container_oom_kills);
  for (const auto& x : rows)
    out.sample(x.labels, x.snapshot->oom_kills);
}

void render_outbound(series_writer& out, const network_rows& all) {
  using stats = destination_stats;
  const auto each = [&](family_id id, auto value) {
    emit(out, id, all.pool, all.outbound, value);
  };
  each(family_id::tcp_successful_connects, [](const stats& x) { return x.successful_connects; });
  each(family_id::tcp_failed_connects, [](const stats& x) { return x.failed_connects; });
  each(family_id::tcp_connection_time,
       [](const stats& x) { return as_seconds{x.connection_time_ns}; });
  each(family_id::tcp_active_connections, [](const stats& x) { return x.active_connections; });
  each(family_id::tcp_retransmits, [](const stats& x) { return x.retransmits; });
  each(family_id::tcp_resets, [](const stats& x) { return x.resets; });
  each(family_id::tcp_bytes_sent, [](const stats& x) { return x.bytes_sent; });
  each(family_id::tcp_bytes_received, [](const stats& x) { return x.bytes_received; });
  emit_rtt(out, family_id::tcp_rtt, all.pool, all.outbound);
}

void render_inbound(series_writer& out, const network_rows& all) {
  using stats = inbound_stats;
  const auto each = [&](family_id id, auto value) {
    emit(out, id, all.pool, all.inbound, value);
  };
  each(family_id::tcp_inbound_successful_connects, [](const stats& x) { return x.connects; });
  each(family_id::tcp_inbound_active_connections,
       [](const stats& x) { return x.active_connections; });
  each(family_id::tcp_inbound_retransmits, [](const stats& x) { return x.retransmits; });
  each(family_id::tcp_inbound_resets, [](const stats& x) { return x.resets; });
  each(family_id::tcp_inbound_bytes_sent, [](const stats& x) { return x.bytes_sent; });
  each(family_id::tcp_inbound_bytes_received, [](const stats& x) { return x.bytes_received; });
  emit_rtt(out, family_id::tcp_inbound_rtt, all.pool, all.inbound);
}

/// Of all containers: whoever asks for the name of an address asks without a container.
void render_names(series_writer& out, const std::vector<container_row>& rows,
                  const node_info& node) {
  std::set<std::pair<std::string_view, std::string_view>> known;
  for (const auto& x : rows)
    for (const auto& one : x.snapshot->names)
      known.emplace(one.ip, one.fqdn);
  out.begin(family_id::ip_to_fqdn);
  const auto machine = machine_labels(node);
  std::string labels;
  for (const auto& [ip, fqdn] : known) {
    labels.clear();
    append_label(labels, "ip", ip);
    append_label(labels, "fqdn", fqdn);
    out.sample(labels.append(1, ',').append(machine), uint64_t{1});
  }
}

} // namespace

duplicates render_containers(series_writer& out, const exposition_input& input) {
  duplicates left_out;
  const auto containers = container_rows(input, left_out.containers);
  network_rows network;
  l7_exposition requests;
  for (const auto& x : containers) {
    network.add(x);
    requests.add(x.labels, *x.snapshot);
  }
  left_out.rows = network.left_out();

  render_info(out, containers);
  render_counts(out, containers);
  emit(out, family_id::tcp_listen_info, network.pool, network.listens,
       [](const listen_stats&) { return uint64_t{1}; });
  render_outbound(out, network);
  render_inbound(out, network);
  emit(out, family_id::net_latency, network.pool, network.latencies,
       [](const ip_latency& x) { return as_seconds{x.rtt_ns}; });
  render_names(out, containers, input.scrape.node);
  requests.render(out);
  return left_out;
}

} // namespace troupe
