// SPDX-License-Identifier: Apache-2.0
#include "actors/console/inspect_fields.hpp"
#include "actors/console/process_fields.hpp"
#include "actors/console/table.hpp"
#include "actors/console/time_format.hpp"

#include <fmt/format.h>

#include <numeric>
#include <utility>

namespace troupe {

namespace {

template <class Row>
using row_fields = std::vector<field<Row>>;

template <class Row>
using known_rows = std::optional<std::vector<Row>>;

template <class Row, const row_fields<Row>& (*Fields)(), known_rows<Row> (*Rows)(const inspection&)>
struct rows_of_kind {
  static std::vector<field_info> infos() { return infos_of(Fields()); }

  static std::optional<std::vector<record>> records(const inspection& x) {
    const auto rows = Rows(x);
    if (!rows)
      return {};
    std::string none;
    const auto chosen = *select_fields(infos(), "", output_format::json, none);
    std::vector<record> result;
    for (const auto& row : *rows)
      result.push_back(make_record(Fields(), chosen, row));
    return result;
  }

  static std::string columns(const inspection& x, std::optional<unsigned> terminal, bool wide) {
    const auto rows = Rows(x);
    if (!rows || rows->empty())
      return {};
    output_options options;
    options.format = wide ? output_format::wide : output_format::columns;
    std::string none;
    options.fields = *select_fields(infos(), "", options.format, none);
    auto all = columns_of(infos(), options);
    for (auto& column : all)
      column.width = 0; // All rows are known: they say how wide.
    table lines{std::move(all)};
    for (const auto& row : *rows)
      lines.add(make_cells(Fields(), options.fields, row));
    return lines.render(terminal, true);
  }

  static nested_rows make(bool list) { return {infos, records, columns, list}; }
};

field_value optional_text(const std::string& text) {
  return text.empty() ? field_value{} : field_value{text};
}

field_value optional_number(const std::optional<uint64_t>& x) {
  return x ? field_value{*x} : field_value{};
}

std::optional<uint64_t> unless_zero(uint64_t x) {
  return x == 0 ? std::nullopt : std::optional{x};
}

std::string bytes_or_none(const std::optional<uint64_t>& x) {
  return x ? bytes_text(*x) : "-";
}

/// "1.5": CPUs.
std::string cpus_or_none(const std::optional<uint64_t>& millicores) {
  return millicores ? fmt::format("{:g}", static_cast<double>(*millicores) / 1000) : "-";
}

// --- limits, as the runtime says ----------------------------------------------------------------

const row_fields<container_limits>& limit_fields() {
  using row = container_limits;
  static const row_fields<row> all{
      {{"memory_bytes", "MEMORY", 0, true, shown::everywhere, "null: none"},
       [](const row& x) { return optional_number(unless_zero(x.memory_bytes)); },
       [](const row& x) {
         return bytes_or_none(unless_zero(x.memory_bytes));
       }},
      {{"cpu_millicores", "CPUS", 0, true, shown::everywhere, "1500 is one CPU and a half"},
       [](const row& x) { return optional_number(unless_zero(x.cpu_millicores)); },
       [](const row& x) {
         return cpus_or_none(unless_zero(x.cpu_millicores));
       }},
      {{"cpu_shares", "SHARES", 0, true, shown::everywhere, "weight among others"},
       [](const row& x) {
         return optional_number(unless_zero(x.cpu_shares));
       }},
      {{"pids", "PIDS", 0, true, shown::everywhere, "processes and threads"},
       [](const row& x) {
         return optional_number(unless_zero(x.pids));
       }},
      {{"cpuset", "CPUSET", 0, false, shown::everywhere, "which CPUs; null: all"},
       [](const row& x) {
         return optional_text(x.cpuset);
       }},
  };
  return all;
}

known_rows<container_limits> limits_of(const inspection& x) {
  const auto& details = x.container.metadata.details;
  return details ? known_rows<container_limits>{{details->limits}} : std::nullopt;
}

// --- the cgroup ---------------------------------------------------------------------------------

const row_fields<inspected_cgroup>& cgroup_fields() {
  using row = inspected_cgroup;
  static const row_fields<row> all{
      {{"version", "VERSION", 0, true, shown::everywhere, "1 or 2, of what holds the containers"},
       [](const row& x) -> field_value {
         return uint64_t{x.version};
       }},
      {{"memory_current_bytes", "MEMORY", 0, true, shown::everywhere, "in use, caches too"},
       [](const row& x) { return optional_number(x.limits.memory_current_bytes); },
       [](const row& x) {
         return bytes_or_none(x.limits.memory_current_bytes);
       }},
      {{"memory_max_bytes", "MEMORY MAX", 0, true, shown::everywhere,
        "the tightest of it and those above; null: none"},
       [](const row& x) { return optional_number(x.limits.memory_max_bytes); },
       [](const row& x) {
         return bytes_or_none(x.limits.memory_max_bytes);
       }},
      {{"cpu_max_millicores", "CPUS MAX", 0, true, shown::everywhere, "likewise"},
       [](const row& x) { return optional_number(x.limits.cpu_max_millicores); },
       [](const row& x) {
         return cpus_or_none(x.limits.cpu_max_millicores);
       }},
      {{"pids_current", "PIDS", 0, true, shown::everywhere, "processes and threads"},
       [](const row& x) {
         return optional_number(x.limits.pids_current);
       }},
      {{"pids_max", "PIDS MAX", 0, true, shown::everywhere, "likewise the tightest"},
       [](const row& x) {
         return optional_number(x.limits.pids_max);
       }},
      {{"path", "PATH", 0, false, shown::everywhere, "below the hierarchy's root"},
       [](const row& x) -> field_value {
         return x.path;
       }},
  };
  return all;
}

known_rows<inspected_cgroup> cgroup_of(const inspection& x) {
  return x.cgroup ? known_rows<inspected_cgroup>{{*x.cgroup}} : std::nullopt;
}

// --- mounts, networks, namespaces ---------------------------------------------------------------

const row_fields<container_mount>& mount_fields() {
  using row = container_mount;
  static const row_fields<row> all{
      {{"type", "TYPE", 0, false, shown::everywhere, "bind, volume, tmpfs, ..."},
       [](const row& x) -> field_value {
         return x.type;
       }},
      {{"read_only", "ACCESS", 0, false, shown::everywhere, "in columns: ro or rw"},
       [](const row& x) -> field_value { return x.read_only; },
       [](const row& x) {
         return std::string{x.read_only ? "ro" : "rw"};
       }},
      {{"destination", "DESTINATION", 0, false, shown::everywhere, "path in the container"},
       [](const row& x) -> field_value {
         return x.destination;
       }},
      {{"source", "SOURCE", 0, false, shown::everywhere, "path on the host, or a volume's name"},
       [](const row& x) {
         return optional_text(x.source);
       }},
  };
  return all;
}

known_rows<container_mount> mounts_of(const inspection& x) {
  const auto& details = x.container.metadata.details;
  return details ? known_rows<container_mount>{details->mounts} : std::nullopt;
}

const row_fields<container_network>& network_fields() {
  using row = container_network;
  static const row_fields<row> all{
      {{"name", "NETWORK", 0, false, shown::everywhere, "of the runtime's network"},
       [](const row& x) {
         return optional_text(x.name);
       }},
      {{"ipv4", "IPV4", 0, false, shown::everywhere, "null: none"},
       [](const row& x) {
         return optional_text(x.ipv4);
       }},
      {{"ipv6", "IPV6", 0, false, shown::everywhere, "null: none"},
       [](const row& x) {
         return optional_text(x.ipv6);
       }},
      {{"mac", "MAC", 0, false, shown::everywhere, "null: none, or not told"},
       [](const row& x) {
         return optional_text(x.mac);
       }},
  };
  return all;
}

known_rows<container_network> networks_of(const inspection& x) {
  const auto& details = x.container.metadata.details;
  return details ? known_rows<container_network>{details->networks} : std::nullopt;
}

/// Hundreds of containers share the host's time namespace; nobody wants to read their names.
std::string shared_text(const inspected_namespace& x) {
  const auto& names = x.use.shared_with;
  const bool hosts = !names.empty() && names.front() == "host";
  const size_t named_max = hosts ? 1 : 4;
  if (names.size() <= named_max)
    return column_text(names);
  return fmt::format("{} and {} more", fmt::join(names.begin(), names.begin() + named_max, " "),
                     names.size() - named_max);
}

const row_fields<inspected_namespace>& namespace_fields() {
  using row = inspected_namespace;
  static const row_fields<row> all{
      {{"kind", "KIND", 0, false, shown::everywhere, "net, pid, mnt, ... as in /proc/<pid>/ns"},
       [](const row& x) -> field_value {
         return x.use.kind;
       }},
      {{"inode", "INODE", 0, true, shown::everywhere, "its number; null: nothing runs"},
       [](const row& x) {
         return optional_number(unless_zero(x.use.inode));
       }},
      {{"asked", "ASKED", 0, false, shown::everywhere,
        "private, host, container:<id>, pod, a path; null: the runtime does not say"},
       [](const row& x) {
         return optional_text(x.asked);
       }},
      {{"shared_with", "SHARED WITH", 0, false, shown::everywhere,
        "host, and containers that are in it"},
       [](const row& x) -> field_value { return x.use.shared_with; },
       shared_text},
  };
  return all;
}

known_rows<inspected_namespace> namespaces_of(const inspection& x) {
  return x.namespaces;
}

// --- processes and sockets ----------------------------------------------------------------------

known_rows<process_info> processes_of(const inspection& x) {
  return x.processes;
}

field_value owner_pid(const inspected_socket& x) {
  return optional_number(unless_zero(x.pid));
}

field_value owner_comm(const inspected_socket& x) {
  return optional_text(x.comm);
}

field_value total(const inspected_socket& x, uint64_t value) {
  return x.socket.has_totals ? field_value{value} : field_value{};
}

field_value protocol_of(const inspected_socket& x) {
  return std::string{x.socket.protocol == socket_protocol::tcp ? "tcp" : "udp"};
}

const row_fields<inspected_socket>& listen_fields() {
  using row = inspected_socket;
  static const row_fields<row> all{
      {{"protocol", "PROTOCOL", 0, false, shown::everywhere, "tcp or udp"}, protocol_of},
      {{"address", "ADDRESS", 0, false, shown::everywhere, "ip:port"},
       [](const row& x) -> field_value {
         return x.socket.local;
       }},
      {{"waiting", "WAITING", 0, true, shown::everywhere,
        "connections that nobody accepted yet; udp: bytes that nobody has read"},
       [](const row& x) -> field_value {
         return uint64_t{x.socket.receive_queue};
       }},
      {{"backlog", "BACKLOG", 0, true, shown::everywhere, "how many may wait; null: udp"},
       [](const row& x) {
         return x.socket.protocol == socket_protocol::tcp
                    ? field_value{uint64_t{x.socket.send_queue}}
                    : field_value{};
       }},
      {{"pid", "PID", 0, true, shown::everywhere, "who has it; null: nobody in the container"},
       owner_pid},
      {{"comm", "COMM", 0, false, shown::everywhere, "its name"}, owner_comm},
  };
  return all;
}

const row_fields<inspected_socket>& connection_fields() {
  using row = inspected_socket;
  static const row_fields<row> all{
      {{"protocol", "PROTOCOL", 0, false, shown::everywhere, "tcp or udp", 6}, protocol_of},
      {{"local", "LOCAL", 0, false, shown::everywhere, "ip:port"},
       [](const row& x) -> field_value {
         return x.socket.local;
       }},
      {{"peer", "PEER", 0, false, shown::everywhere, "ip:port"},
       [](const row& x) -> field_value {
         return x.socket.remote;
       }},
      {{"state", "STATE", 0, false, shown::everywhere, "established, syn_sent, close_wait, ...", 5},
       [](const row& x) -> field_value {
         return std::string{socket_state_name(x.socket)};
       }},
      {{"bytes_sent", "SENT", 0, true, shown::everywhere, "payload, since its beginning; null: udp",
        3},
       [](const row& x) { return total(x, x.socket.bytes_sent); },
       [](const row& x) {
         return x.socket.has_totals ? bytes_text(x.socket.bytes_sent) : "-";
       }},
      {{"bytes_received", "RECEIVED", 0, true, shown::everywhere, "likewise", 3},
       [](const row& x) { return total(x, x.socket.bytes_received); },
       [](const row& x) {
         return x.socket.has_totals ? bytes_text(x.socket.bytes_received) : "-";
       }},
      {{"rtt_ns", "RTT", 0, true, shown::everywhere, "smoothed round-trip time", 4},
       [](const row& x) { return optional_number(unless_zero(x.socket.rtt_ns)); },
       [](const row& x) {
         return x.socket.rtt_ns == 0 ? "-" : duration_text(x.socket.rtt_ns);
       }},
      {{"retransmits", "RETRANSMITS", 0, true, shown::everywhere, "segments sent again", 6},
       [](const row& x) {
         return total(x, x.socket.retransmits);
       }},
      {{"unread_bytes", "UNREAD", 0, true, shown::wide, "received, and not read"},
       [](const row& x) -> field_value {
         return uint64_t{x.socket.receive_queue};
       }},
      {{"unacknowledged_bytes", "UNACKNOWLEDGED", 0, true, shown::wide,
        "sent, and not acknowledged"},
       [](const row& x) -> field_value {
         return uint64_t{x.socket.send_queue};
       }},
      {{"pid", "PID", 0, true, shown::everywhere, "who has it; null: nobody in the container"},
       owner_pid},
      {{"comm", "COMM", 0, false, shown::everywhere, "its name"}, owner_comm},
  };
  return all;
}

known_rows<inspected_socket> listens_of(const inspection& x) {
  return x.listens;
}

known_rows<inspected_socket> connections_of(const inspection& x) {
  return x.connections;
}

} // namespace

nested_rows limit_rows() {
  return rows_of_kind<container_limits, limit_fields, limits_of>::make(false);
}
nested_rows cgroup_rows() {
  return rows_of_kind<inspected_cgroup, cgroup_fields, cgroup_of>::make(false);
}
nested_rows mount_rows() {
  return rows_of_kind<container_mount, mount_fields, mounts_of>::make(true);
}
nested_rows network_rows() {
  return rows_of_kind<container_network, network_fields, networks_of>::make(true);
}
nested_rows namespace_rows() {
  return rows_of_kind<inspected_namespace, namespace_fields, namespaces_of>::make(true);
}
nested_rows process_rows() {
  return rows_of_kind<process_info, process_fields, processes_of>::make(true);
}
nested_rows listen_rows() {
  return rows_of_kind<inspected_socket, listen_fields, listens_of>::make(true);
}
nested_rows connection_rows() {
  return rows_of_kind<inspected_socket, connection_fields, connections_of>::make(true);
}

} // namespace troupe
