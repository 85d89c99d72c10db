// SPDX-License-Identifier: Apache-2.0
#pragma once

// Every metric family that troupe exports is named here; those of requests, which are alike for
// every protocol, in l7_families.hpp. The exposition takes names, types and help from both;
// docs/metrics.md is printed from both (metrics_doc.hpp).

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace troupe {

enum class metric_type : uint8_t { counter, gauge, histogram };

/// What a series is about; it decides which labels come besides the family's own.
enum class family_scope : uint8_t {
  container, ///< container_id, app_id, machine_id, system_uuid; the pod's labels if asked for
  node,      ///< machine_id, system_uuid
  agent,     ///< machine_id, system_uuid
};

/// In the order of the exposition and of the table below.
enum class family_id : uint8_t {
  container_info,
  container_restarts,
  container_oom_kills,
  tcp_listen_info,
  tcp_successful_connects,
  tcp_failed_connects,
  tcp_connection_time,
  tcp_active_connections,
  tcp_retransmits,
  tcp_resets,
  tcp_bytes_sent,
  tcp_bytes_received,
  tcp_rtt,
  tcp_inbound_successful_connects,
  tcp_inbound_active_connections,
  tcp_inbound_retransmits,
  tcp_inbound_resets,
  tcp_inbound_bytes_sent,
  tcp_inbound_bytes_received,
  tcp_inbound_rtt,
  net_latency,
  ip_to_fqdn,
  node_info,
  node_uptime,
  build_info,
  feature_enabled,
  events,
  events_lost,
  payload_bytes,
  payload_unparsed_bytes,
  route_latency,
  cgroup_routes,
  bpf_map_entries,
  bpf_map_capacity,
  containers,
  stale_containers,
  series_overflow,
  address_translations,
  metadata_lookups,
  metadata_lookup_time,
  runtime_up,
  mailbox_messages,
  actor_restarts,
  process_cpu,
  process_resident_memory,
  process_virtual_memory,
  process_open_fds,
  process_max_fds,
  process_threads,
  process_start_time,
  scrapes,
  scrape_duration,
  http_errors,
  series_dropped,
  count
};

struct family {
  family_id id;
  std::string_view name;
  metric_type type;
  family_scope scope;
  std::string_view labels; ///< its own, for the documentation
  std::string_view help;   ///< one line, without backslashes
};

namespace family_table {

using enum family_id;
using enum metric_type;
using enum family_scope;

inline constexpr std::string_view outbound = "destination, actual_destination";
inline constexpr std::string_view inbound = "listen_addr, peer";

inline constexpr family all[] = {
    {container_info, "container_info", gauge, container,
     "image, runtime, runtime_id, state, systemd_type, systemd_triggered_by",
     "What the runtime says of the container; always 1"},
    {container_restarts, "container_restarts_total", counter, container, "",
     "New cgroups under the same container id"},
    {container_oom_kills, "container_oom_kills_total", counter, container, "",
     "Processes of the container that the kernel's OOM killer chose"},

    {tcp_listen_info, "container_net_tcp_listen_info", gauge, container, "listen_addr, proxy",
     "An address that the container listens on; proxy names the proxy process that holds it"},
    {tcp_successful_connects, "container_net_tcp_successful_connects_total", counter, container,
     outbound, "TCP connections that the container opened"},
    {tcp_failed_connects, "container_net_tcp_failed_connects_total", counter, container, outbound,
     "TCP connections that the container tried to open in vain"},
    {tcp_connection_time, "container_net_tcp_connection_time_seconds_total", counter, container,
     outbound, "Time from SYN to established, summed over the successful connects"},
    {tcp_active_connections, "container_net_tcp_active_connections", gauge, container, outbound,
     "TCP connections that the container opened and that are open now"},
    {tcp_retransmits, "container_net_tcp_retransmits_total", counter, container, outbound,
     "Segments sent again on connections that the container opened"},
    {tcp_resets, "container_net_tcp_resets_total", counter, container, outbound,
     "Connections that the container opened and that a reset ended"},
    {tcp_bytes_sent, "container_net_tcp_bytes_sent_total", counter, container, outbound,
     "Payload that the container sent on connections that it opened; each byte once"},
    {tcp_bytes_received, "container_net_tcp_bytes_received_total", counter, container, outbound,
     "Payload that the container received on connections that it opened"},
    {tcp_rtt, "container_net_tcp_rtt_seconds", histogram, container, outbound,
     "Smoothed round-trip time of connections that the container opened, sampled at each tick and "
     "at the close"},

    {tcp_inbound_successful_connects, "container_net_tcp_inbound_successful_connects_total",
     counter, container, inbound, "TCP connections that the container accepted"},
    {tcp_inbound_active_connections, "container_net_tcp_inbound_active_connections", gauge,
     container, inbound, "TCP connections that the container accepted and that are open now"},
    {tcp_inbound_retransmits, "container_net_tcp_inbound_retransmits_total", counter, container,
     inbound, "Segments sent again on connections that the container accepted"},
    {tcp_inbound_resets, "container_net_tcp_inbound_resets_total", counter, container, inbound,
     "Connections that the container accepted and that a reset ended"},
    {tcp_inbound_bytes_sent, "container_net_tcp_inbound_bytes_sent_total", counter, container,
     inbound, "Payload that the container sent on connections that it accepted; each byte once"},
    {tcp_inbound_bytes_received, "container_net_tcp_inbound_bytes_received_total", counter,
     container, inbound, "Payload that the container received on connections that it accepted"},
    {tcp_inbound_rtt, "container_net_tcp_inbound_rtt_seconds", histogram, container, inbound,
     "Smoothed round-trip time of connections that the container accepted, sampled at each tick "
     "and at the close"},
    {net_latency, "container_net_latency_seconds", gauge, container, "destination_ip",
     "Newest smoothed round-trip time of the container's connections to this address"},

    {ip_to_fqdn, "ip_to_fqdn", gauge, node, "ip, fqdn",
     "A name that DNS told one of the containers for this address; always 1"},

    {node_info, "node_info", gauge, node, "hostname, kernel_version",
     "What the machine says of itself; always 1"},
    {node_uptime, "node_uptime_seconds", gauge, node, "", "Time since the machine booted"},

    {build_info, "troupe_build_info", gauge, agent, "version, architecture",
     "The running agent; always 1"},
    {feature_enabled, "troupe_feature_enabled", gauge, agent, "feature, reason",
     "1: the kernel took the feature's BPF programs; 0: it is off, and reason says why"},
    {events, "troupe_events_total", counter, agent, "kind", "Events that came from the kernel"},
    {events_lost, "troupe_events_lost_total", counter, agent, "stage, reason, kind",
     "Events lost in the kernel or dropped by the agent, by cause; every known cause from the "
     "start"},
    {payload_bytes, "troupe_payload_bytes_total", counter, agent, "protocol",
     "Payload that was captured of connections, by what is spoken on them"},
    {payload_unparsed_bytes, "troupe_payload_unparsed_bytes_total", counter, agent,
     "protocol, reason",
     "Payload that was not understood: not_captured, out_of_sync, unanswered (one side of an "
     "exchange without the other), too_large"},
    {route_latency, "troupe_route_latency_seconds", histogram, agent, "",
     "Time from the kernel's timestamp of an event to its container's actor; one sample a batch"},
    {cgroup_routes, "troupe_cgroup_routes", gauge, agent, "target",
     "Cgroups that the reader knows: those that lead to a container and those it ignores"},
    {bpf_map_entries, "troupe_bpf_map_entries", gauge, agent, "map", "Entries in use in a BPF map"},
    {bpf_map_capacity, "troupe_bpf_map_capacity", gauge, agent, "map",
     "Entries that a BPF map can hold"},
    {containers, "troupe_containers", gauge, agent, "runtime, state",
     "Containers that the agent exports"},
    {stale_containers, "troupe_stale_containers", gauge, agent, "",
     "Containers that did not answer this scrape in time: their series are from an earlier one"},
    {series_overflow, "troupe_series_overflow_total", counter, agent, "family",
     "Connections and requests that went to ~other because a container has too many destinations, "
     "peers, statuses or domains"},
    {address_translations, "troupe_address_translations_total", counter, agent, "result",
     "Dialled connections: translated, direct (they went where they said), skipped (not asked for: "
     "many of that second to the same address were direct), unanswered (taken for direct)"},
    {metadata_lookups, "troupe_metadata_lookups_total", counter, agent, "runtime, result",
     "Questions to container runtimes: ok, unknown (it does not know the container), failed"},
    {metadata_lookup_time, "troupe_metadata_lookup_seconds", histogram, agent, "runtime",
     "Time that questions to container runtimes took, failed ones included"},
    {runtime_up, "troupe_runtime_up", gauge, agent, "runtime, socket",
     "1: the last call to this runtime socket was answered"},
    {mailbox_messages, "troupe_mailbox_messages", gauge, agent, "actor",
     "Messages that wait for an actor"},
    {actor_restarts, "troupe_actor_restarts_total", counter, agent, "actor",
     "Times that the supervisor started an actor again"},

    {process_cpu, "process_cpu_seconds_total", counter, agent, "",
     "User and system CPU time of the agent"},
    {process_resident_memory, "process_resident_memory_bytes", gauge, agent, "",
     "Resident memory of the agent"},
    {process_virtual_memory, "process_virtual_memory_bytes", gauge, agent, "",
     "Virtual memory of the agent"},
    {process_open_fds, "process_open_fds", gauge, agent, "", "Open file descriptors of the agent"},
    {process_max_fds, "process_max_fds", gauge, agent, "",
     "File descriptors that the agent may open"},
    {process_threads, "process_threads", gauge, agent, "", "Threads of the agent"},
    {process_start_time, "process_start_time_seconds", gauge, agent, "",
     "Start of the agent, in seconds since the Unix epoch"},

    {scrapes, "troupe_scrapes_total", counter, agent, "result",
     "Requests for /metrics: ok, failed (the exporter did not answer), aborted (the client was too "
     "slow or went away)"},
    {scrape_duration, "troupe_scrape_duration_seconds", histogram, agent, "",
     "Time to gather and render the metrics; without their transfer"},
    {http_errors, "troupe_http_errors_total", counter, agent, "code",
     "HTTP responses with a status of 400 and above"},
    {series_dropped, "troupe_series_dropped_total", counter, agent, "reason",
     "Rows of series left out of a scrape because their labels were there already"},
};

constexpr bool complete_and_in_order() {
  size_t i = 0;
  for (const auto& x : all)
    if (static_cast<size_t>(x.id) != i++)
      return false;
  return i == static_cast<size_t>(count);
}
static_assert(complete_and_in_order(), "family_id and the table must agree");

} // namespace family_table

inline constexpr const family& describe(family_id id) {
  return family_table::all[static_cast<size_t>(id)];
}

constexpr std::string_view to_string(metric_type type) {
  switch (type) {
    case metric_type::counter:
      return "counter";
    case metric_type::gauge:
      return "gauge";
    case metric_type::histogram:
      break;
  }
  return "histogram";
}

} // namespace troupe
