// SPDX-License-Identifier: Apache-2.0
#include "actors/console/inspect_rows.hpp"

#include <fmt/format.h>

namespace troupe {

namespace {

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

} // namespace troupe
