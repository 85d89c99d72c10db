// SPDX-License-Identifier: Apache-2.0
#include "actors/container/container_account.hpp"

#include "actors/container/event_decoder.hpp"

#include <algorithm>
#include <unordered_map>
#include <utility>

namespace troupe {

namespace {

/// A container's last records may come after the news that its cgroup is gone; after so many ticks
/// without a cgroup nothing runs or listens in it.
constexpr uint32_t emptied_after_ticks = 2;

/// Counts one record after the other, and traces those that were news.
class record_counter {
public:
  record_counter(container_counters& counters, trace_maker& trace)
      : counters_(counters), trace_(trace) {}

  void forked(const process_forked& record) { counters_.processes.forked(record); }
  void moved(const process_moved& record) { counters_.processes.moved(record); }
  void found(const process_found& record) { counters_.processes.found(record); }

  void executed(const process_executed& record, std::string_view argv) {
    const auto start = counters_.processes.executed(record, argv);
    if (!start.own)
      return;
    if (start.entered && trace_.traces(trace_life)) {
      const bool alone = counters_.processes.count() == 1;
      trace_.began(counters_.life.entered(id_of(record.header), alone), record, argv);
    }
    trace_.executed(record, argv);
  }

  void exited(const process_exited& record) {
    const auto end = counters_.processes.exited(record);
    if (end.repeated)
      return;
    counters_.oom_kills += record.oom_killed != 0 ? 1 : 0;
    if (trace_.traces(trace_life))
      trace_life_of(record, end.setup);
    trace_.exited(record, end.setup);
  }

  // The registry is told of these; what follows from them comes as cgroup_joined and cgroup_left.
  void cgroup_created(const cgroup_event& /*record*/, std::string_view /*path*/) {}
  void cgroup_removed(const cgroup_event& /*record*/) {}

  void listen_opened(const tcp_listen& record) {
    if (counters_.listens.opened(record, counters_.processes))
      trace_.listening(record, comm_for_trace(record.header, trace_tcp));
  }
  void listen_closed(const tcp_listen& record) { counters_.listens.closed(record); }

  void tcp_opened(const tcp_connection& record) {
    if (!counters_.connections.opened(record))
      return;
    trace_.opened(record, comm_for_trace(record.header, trace_tcp));
    if (auto* flows = asked_flows())
      flows->opened(record);
  }
  void tcp_connect_failed(const tcp_connection_totals& record) {
    if (!counters_.connections.connect_failed(record))
      return;
    trace_.connect_failed(record, comm_for_trace(record.connection.header, trace_tcp));
    if (auto* flows = asked_flows())
      flows->connect_failed(record);
  }
  void tcp_closed(const tcp_connection_totals& record) {
    auto* flows = asked_flows();
    if (counters_.connections.closed(record)) {
      trace_.closed(record, comm_for_trace(record.connection.header, trace_tcp));
      if (flows != nullptr)
        flows->closed(record);
    }
    counters_.l7.closed(record.connection.socket_cookie,
                        {trace_, comm_for_trace(record.connection.header, trace_l7), flows});
  }
  void tcp_progress(const tcp_connection_totals& record) {
    auto* flows = asked_flows();
    if (counters_.connections.progress(record) && flows != nullptr)
      flows->progress(record);
  }
  void l7_captured(const l7_chunk& record, std::string_view bytes) {
    counters_.l7.captured(record, bytes,
                          {trace_, comm_for_trace(record.header, trace_l7), asked_flows()});
  }
  void l7_turned(const l7_turns& record) {
    counters_.l7.turned(record, {trace_, comm_for_trace(record.header, trace_l7)});
  }

private:
  void trace_life_of(const process_exited& record, bool setup) {
    if (record.oom_killed != 0)
      trace_.ended(life_action::oom, record);
    if (setup)
      return;
    if (const auto action = counters_.life.ended(id_of(record.header)))
      trace_.ended(*action, record);
  }

  /// Looked up only when it will be shown: this is the path of every event.
  std::string_view comm_for_trace(const event_header& header, trace_mask what) const {
    return trace_.traces(what) ? counters_.processes.comm_of(id_of(header)) : std::string_view{};
  }

  [[nodiscard]] flow_ledger* asked_flows() const {
    return trace_.traces(trace_flows) ? &counters_.flows : nullptr;
  }

  container_counters& counters_;
  trace_maker& trace_;
};

std::vector<ip_latency> newest_latencies(const std::vector<outbound_series>& outbound) {
  struct newest {
    uint64_t rtt_ns = 0;
    uint64_t time_ns = 0;
  };
  std::unordered_map<std::string, newest> by_ip;
  for (const auto& series : outbound) {
    if (series.rtt_ns == 0 || series.key.other)
      continue;
    auto& known = by_ip[to_text(series.key.actual.ip)];
    if (series.rtt_time_ns >= known.time_ns)
      known = {series.rtt_ns, series.rtt_time_ns};
  }
  std::vector<ip_latency> result;
  result.reserve(by_ip.size());
  for (const auto& [ip, x] : by_ip)
    result.push_back({ip, x.rtt_ns});
  return result;
}

} // namespace

container_account::container_account(container_key key, const container_options& options)
    : key_(key), options_(options), counters_(options), trace_(key, options.trace) {}

void container_account::consume(const event_batch& batch, uint64_t now_ns) {
  const auto result = decode_records(batch.records, record_counter{counters_, trace_});
  counters_.events += result.decoded;
  counters_.events_dropped += batch.dropped;
  if (result.status == decode_status::invalid) // At least the record that was not understood.
    counters_.events_invalid +=
        batch.count > result.decoded ? batch.count - result.decoded : uint32_t{1};
  if (batch.first_time_ns != 0)
    counters_.route_latency.observe(now_ns > batch.first_time_ns ? now_ns - batch.first_time_ns
                                                                 : 0);
}

void container_account::name(const container_named& named) {
  named_ = named;
  counters_.life.runtime_says(named.metadata.pid);
  trace_.name(named);
}

void container_account::join(const cgroup_joined& joined) {
  // Without a time it was there before, or another container has told of it.
  if (cgroups_.empty() && joined.time_ns != 0) {
    counters_.processes.watch_from_birth();
    counters_.life.created();
    trace_.lived(life_action::created, joined.time_ns);
  }
  if (std::find(cgroups_.begin(), cgroups_.end(), joined.cgroup) == cgroups_.end())
    cgroups_.push_back(joined.cgroup);
  counters_.restarts += joined.restart ? 1 : 0;
  ticks_to_empty_ = 0;
}

void container_account::leave(const cgroup_left& left) {
  const bool known = std::erase(cgroups_, left.cgroup) > 0;
  if (!cgroups_.empty())
    return;
  ticks_to_empty_ = emptied_after_ticks;
  if (known && left.time_ns != 0)
    trace_.lived(life_action::gone, left.time_ns);
}

void container_account::tick() {
  counters_.connections.tick();
  if (ticks_to_empty_ == 0 || --ticks_to_empty_ > 0)
    return;
  counters_.processes.clear();
  counters_.listens.clear();
}

container_snapshot container_account::snapshot() const {
  container_snapshot result;
  result.traces_waiting = trace_.waiting();
  result.key = key_;
  result.exported = named_.has_value();
  if (named_) {
    result.identity = named_->identity;
    result.metadata = named_->metadata;
  }
  result.restarts = counters_.restarts;
  result.oom_kills = counters_.oom_kills;
  result.processes = counters_.processes.count();
  result.listens = counters_.listens.snapshot(counters_.processes);
  result.outbound.reserve(counters_.connections.outbound().size());
  for (const auto& series : counters_.connections.outbound())
    result.outbound.push_back(series.stats);
  result.inbound.reserve(counters_.connections.inbound().size());
  for (const auto& series : counters_.connections.inbound())
    result.inbound.push_back(series.stats);
  result.latencies = newest_latencies(counters_.connections.outbound());
  result.series_overflow = counters_.connections.overflow() + counters_.listens.overflow();
  counters_.l7.add_to(result);
  if (trace_.traces(trace_flows))
    result.flows = counters_.flows.flows();
  result.events = counters_.events;
  result.events_dropped = counters_.events_dropped;
  result.events_invalid = counters_.events_invalid;
  result.route_latency = counters_.route_latency;
  return result;
}

container_counters container_account::hand_over() {
  auto result = std::exchange(counters_, container_counters{options_});
  result.traced = trace_.hand_over();
  named_.reset();
  return result;
}

void container_account::merge(container_counters&& inherited) {
  counters_.processes.absorb(std::move(inherited.processes));
  counters_.life.absorb(inherited.life);
  counters_.listens.absorb(std::move(inherited.listens));
  counters_.connections.absorb(std::move(inherited.connections));
  counters_.l7.absorb(std::move(inherited.l7));
  counters_.flows.absorb(std::move(inherited.flows));
  // Of its cgroups the registry tells us itself. They may be gone already.
  if (cgroups_.empty())
    ticks_to_empty_ = emptied_after_ticks;
  counters_.restarts += inherited.restarts;
  counters_.oom_kills += inherited.oom_kills;
  counters_.events += inherited.events;
  counters_.events_dropped += inherited.events_dropped;
  counters_.events_invalid += inherited.events_invalid;
  for (size_t i = 0; i < inherited.route_latency.counts.size(); ++i)
    counters_.route_latency.counts[i] += inherited.route_latency.counts[i];
  counters_.route_latency.sum_ns += inherited.route_latency.sum_ns;
  trace_.absorb(std::move(inherited.traced));
}

} // namespace troupe
