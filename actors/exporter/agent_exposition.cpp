// SPDX-License-Identifier: Apache-2.0

// The families of the node and of the agent itself: few series, so ease goes before speed.

#include "actors/exporter/exposition.hpp"
#include "actors/exporter/known_losses.hpp"
#include "actors/exporter/l7_families.hpp"
#include "actors/exporter/label_value.hpp"
#include "actors/exporter/series_writer.hpp"

#include <initializer_list>
#include <map>
#include <utility>

#include <sys/utsname.h>

namespace troupe {

namespace {

/// A family whose series are few: by label text, so that no two have the same labels.
class series_map {
public:
  explicit series_map(std::string machine) : machine_(std::move(machine)) {}

  using label = std::pair<std::string_view, std::string_view>;

  /// Adds to what is under these labels.
  void add(std::initializer_list<label> labels, uint64_t value) { at(labels) += value; }

  /// The last one wins.
  void set(std::initializer_list<label> labels, uint64_t value) { at(labels) = value; }

  /// Writes the family and is empty again.
  void flush(series_writer& out, family_id id) {
    out.begin(id);
    for (const auto& [labels, value] : values_)
      out.sample(labels, value);
    values_.clear();
  }

private:
  uint64_t& at(std::initializer_list<label> labels) {
    std::string text;
    for (const auto& [name, value] : labels)
      append_label(text, name, value);
    if (!text.empty())
      text += ',';
    return values_[text.append(machine_)];
  }

  std::string machine_;
  std::map<std::string, uint64_t> values_;
};

std::string architecture() {
  utsname machine{};
  return uname(&machine) == 0 ? machine.machine : "";
}

void render_node(series_writer& out, series_map& map, const exposition_input& input) {
  const auto& node = input.scrape.node;
  map.set({{"hostname", node.hostname}, {"kernel_version", node.kernel_version}}, 1);
  map.flush(out, family_id::node_info);
  out.begin(family_id::node_uptime);
  out.sample(machine_labels(node), as_seconds{input.uptime_ns});
}

void render_losses(series_map& map, const scrape_result& scrape) {
  const auto add = [&](std::string_view stage, std::string_view reason, std::string_view kind,
                       uint64_t count) {
    map.add({{"stage", stage}, {"reason", reason}, {"kind", kind}}, count);
  };
  for_each_known_loss([&](auto stage, auto reason, auto kind) { add(stage, reason, kind, 0); });
  for (const auto& x : scrape.reader.losses)
    add(x.stage, x.reason, x.kind, x.count);
  add(undecoded_stage, undecoded_reason, undecoded_kind, scrape.events_invalid);
}

void render_payload(series_writer& out, series_map& map, const scrape_result& scrape) {
  for (const auto& x : scrape.l7_understood)
    map.add({{"protocol", to_string(x.protocol)}}, x.captured_bytes);
  map.flush(out, family_id::payload_bytes);
  for (const auto& x : scrape.l7_understood)
    for (size_t i = 0; i < l7_unparsed_reasons; ++i)
      map.add({{"protocol", to_string(x.protocol)}, {"reason", l7_unparsed_names.at(i)}},
              x.unparsed_bytes.at(i));
  map.flush(out, family_id::payload_unparsed_bytes);
}

void render_reader(series_writer& out, series_map& map, const scrape_result& scrape) {
  const auto& reader = scrape.reader;
  for (const auto& x : reader.features)
    map.set({{"feature", x.feature}, {"reason", x.reason}}, x.enabled ? 1 : 0);
  map.flush(out, family_id::feature_enabled);
  for (const auto& x : reader.events)
    map.add({{"kind", x.kind}}, x.count);
  map.flush(out, family_id::events);
  render_losses(map, scrape);
  map.flush(out, family_id::events_lost);
  render_payload(out, map, scrape);
  out.begin(family_id::route_latency);
  out.sample(machine_labels(scrape.node), scrape.route_latency);
  map.set({{"target", "container"}}, reader.routes);
  map.set({{"target", "ignored"}}, reader.ignored);
  map.flush(out, family_id::cgroup_routes);
  for (const auto& x : reader.maps)
    map.set({{"map", x.map}}, x.entries);
  map.flush(out, family_id::bpf_map_entries);
  for (const auto& x : reader.maps)
    map.set({{"map", x.map}}, x.capacity);
  map.flush(out, family_id::bpf_map_capacity);
}

void render_container_counts(series_writer& out, series_map& map, const scrape_result& scrape) {
  for (const auto& x : scrape.containers)
    if (x && x->exported)
      map.add(
          {{"runtime", to_string(x->metadata.runtime)}, {"state", to_string(x->metadata.state)}},
          1);
  map.flush(out, family_id::containers);
  map.set({}, scrape.stale_containers);
  map.flush(out, family_id::stale_containers);
  map.set({{"family", "container_net_tcp"}}, scrape.series_overflow);
  for (const auto& x : scrape.l7_understood)
    if (const auto row = l7_row_of(x.protocol))
      map.add({{"family", "container_" + std::string{l7_table::all[*row].name}}}, x.overflow);
  map.flush(out, family_id::series_overflow);
  map.set({{"result", "translated"}}, scrape.nat.translated);
  map.set({{"result", "direct"}}, scrape.nat.direct);
  map.set({{"result", "skipped"}}, scrape.nat.skipped);
  map.set({{"result", "unanswered"}}, scrape.nat.unanswered);
  map.flush(out, family_id::address_translations);
}

/// What the endpoints of one runtime took is one histogram.
void render_lookup_times(series_writer& out, const scrape_result& scrape) {
  std::map<runtime_kind, latency_histogram> times;
  for (const auto& x : scrape.runtimes)
    times[x.endpoint.kind].merge(x.lookup_latency);
  out.begin(family_id::metadata_lookup_time);
  for (const auto& [kind, time] : times) {
    std::string labels;
    append_label(labels, "runtime", to_string(kind));
    out.sample(labels.append(1, ',').append(machine_labels(scrape.node)), time);
  }
}

void render_runtimes(series_writer& out, series_map& map, const scrape_result& scrape) {
  for (const auto& x : scrape.runtimes) {
    const auto runtime = to_string(x.endpoint.kind);
    map.add({{"runtime", runtime}, {"result", "ok"}}, x.lookups_ok);
    map.add({{"runtime", runtime}, {"result", "unknown"}}, x.lookups_unknown);
    map.add({{"runtime", runtime}, {"result", "failed"}}, x.lookups_failed);
  }
  map.flush(out, family_id::metadata_lookups);
  render_lookup_times(out, scrape);
  for (const auto& x : scrape.runtimes)
    if (x.present)
      map.set({{"runtime", to_string(x.endpoint.kind)}, {"socket", x.endpoint.socket}},
              x.answering ? 1 : 0);
  map.flush(out, family_id::runtime_up);
}

void render_actors(series_writer& out, series_map& map, const scrape_result& scrape) {
  for (const auto& x : scrape.troupe.actors)
    map.add({{"actor", x.actor}}, x.mailbox_messages);
  map.flush(out, family_id::mailbox_messages);
  for (const auto& x : scrape.troupe.actors)
    map.add({{"actor", x.actor}}, x.restarts);
  map.flush(out, family_id::actor_restarts);
}

void render_process(series_writer& out, std::string_view machine, const process_usage& x) {
  const auto one = [&](family_id id, auto value) {
    out.begin(id);
    out.sample(machine, value);
  };
  one(family_id::process_cpu, as_seconds{x.cpu_ns});
  one(family_id::process_resident_memory, x.resident_bytes);
  one(family_id::process_virtual_memory, x.virtual_bytes);
  one(family_id::process_open_fds, x.open_fds);
  one(family_id::process_max_fds, x.max_fds);
  one(family_id::process_threads, x.threads);
  one(family_id::process_start_time, as_seconds{x.start_time_ns});
}

} // namespace

std::string machine_labels(const node_info& node) {
  std::string out;
  append_label(out, "machine_id", node.machine_id);
  append_label(out, "system_uuid", node.system_uuid);
  return out;
}

void render_agent(series_writer& out, const exposition_input& input) {
  const auto machine = machine_labels(input.scrape.node);
  series_map map{machine};
  render_node(out, map, input);
  map.set({{"version", TROUPE_VERSION}, {"architecture", architecture()}}, 1);
  map.flush(out, family_id::build_info);
  render_reader(out, map, input.scrape);
  render_container_counts(out, map, input.scrape);
  render_runtimes(out, map, input.scrape);
  render_actors(out, map, input.scrape);
  render_process(out, machine, input.process);
}

} // namespace troupe
