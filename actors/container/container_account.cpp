// SPDX-License-Identifier: Apache-2.0
#include "actors/container/container_account.hpp"

#include "actors/container/event_decoder.hpp"
#include "actors/container/translation_gate.hpp"

#include <fnmatch.h>

#include <algorithm>
#include <unordered_map>
#include <utility>

namespace troupe {

namespace {

/// A container's last records may come after the news that its cgroup is gone; after so many ticks
/// without a cgroup nothing runs or listens in it.
constexpr uint32_t emptied_after_ticks = 2;

/// A minute: as long as anybody waits for an answer to a datagram.
constexpr uint32_t translations_kept_ticks = 12;

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
  const auto result =
      counters_.asked.is_open() || !counters_.asked.empty()
          ? decode_records(batch.records, translation_gate{counters_, trace_,
                                                           [this](const auto& kept) {
                                                             count_kept(kept);
                                                           }})
          : decode_records(batch.records, record_counter{counters_, trace_});
  counters_.events += result.decoded;
  counters_.events_dropped += batch.dropped;
  if (result.status == decode_status::invalid) // At least the record that was not understood.
    counters_.events_invalid +=
        batch.count > result.decoded ? batch.count - result.decoded : uint32_t{1};
  if (batch.first_time_ns != 0)
    counters_.route_latency.observe(now_ns > batch.first_time_ns ? now_ns - batch.first_time_ns
                                                                 : 0);
}

/// They were counted as taken in when they came.
void container_account::count_kept(const translation_queue::waiting& kept) {
  static_cast<void>(decode_records(kept.records, record_counter{counters_, trace_, kept.comm}));
}

void container_account::open_questions(bool can_ask) {
  counters_.asked.open(can_ask);
  if (can_ask)
    return;
  for (const auto& kept : counters_.asked.release_all())
    count_kept(kept);
}

std::optional<nat_questions> container_account::next_questions() {
  auto questions = counters_.asked.next_questions();
  if (questions) {
    questions->container = key_;
    questions->standing = counters_.processes.oldest();
  }
  return questions;
}

void container_account::answered(const nat_answers& answers) {
  for (const auto& kept : counters_.asked.answered(answers)) {
    if (const auto& x = kept.answer)
      counters_.translated.add(x->socket_cookie, {to_endpoint(x->dialled), to_endpoint(x->actual)});
    count_kept(kept);
  }
}

void container_account::unanswered() {
  for (const auto& kept : counters_.asked.unanswered())
    count_kept(kept);
}

void container_account::name(const container_named& named) {
  named_ = named;
  const auto& off = options_.l7_off_containers;
  counters_.l7.turn_off(
      off && std::any_of(off->begin(), off->end(), [&named](const std::string& pattern) {
        return fnmatch(pattern.c_str(), named.identity.container_id.c_str(), 0) == 0;
      }));
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

void container_account::tick(uint64_t now_ns) {
  counters_.connections.tick();
  counters_.l7.tick(now_ns, {trace_,
                             {},
                             trace_.traces(trace_flows) ? &counters_.flows : nullptr,
                             nullptr,
                             &counters_.processes});
  counters_.translated.age([this](uint64_t cookie) { return counters_.connections.knows(cookie); },
                           translations_kept_ticks);
  if (ticks_to_empty_ == 0 || --ticks_to_empty_ > 0)
    return;
  counters_.processes.clear();
  counters_.listens.clear();
}

container_snapshot container_account::snapshot() const {
  container_snapshot result;
  result.traces_waiting = trace_.waiting() + counters_.asked.size();
  result.nat = counters_.asked.counts();
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
  for (const auto& series : counters_.connections.outbound()) {
    auto& row = result.outbound.emplace_back(series.stats);
    if (!series.key.other && !counters_.names->empty())
      row.destination = counters_.names->text_of(series.key.dialled, series.key.name);
  }
  if (!counters_.names->empty())
    merge_equal(result.outbound);
  result.names = counters_.names->all();
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
  counters_.asked.open(result.asked.is_open());
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
  counters_.names->absorb(*inherited.names);
  counters_.flows.absorb(std::move(inherited.flows));
  counters_.translated.absorb(std::move(inherited.translated));
  counters_.asked.absorb(std::move(inherited.asked));
  if (!counters_.asked.is_open())
    open_questions(false);
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
