// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace troupe {

/// Something of the host, or a volume, that a container sees.
struct container_mount {
  std::string type;        ///< "bind", "volume", "tmpfs", ...
  std::string source;      ///< a path on the host, or a volume's name; empty where there is none
  std::string destination; ///< the path in the container
  bool read_only = false;

  friend bool operator==(const container_mount&, const container_mount&) = default;
};

/// An address that a runtime gave to a container (or to its pod).
struct container_network {
  std::string name; ///< of the runtime's network; empty where it has no names
  std::string ipv4;
  std::string ipv6;
  std::string mac;

  friend bool operator==(const container_network&, const container_network&) = default;
};

/// What a container was asked to keep to, as its runtime says. 0: no limit, or not known.
struct container_limits {
  uint64_t memory_bytes = 0;
  uint64_t cpu_millicores = 0; ///< quota: 1500 is one CPU and a half
  uint64_t cpu_shares = 0;
  uint64_t pids = 0;
  std::string cpuset; ///< "0-3,8"; empty: all

  friend bool operator==(const container_limits&, const container_limits&) = default;
};

/// What only somebody who inspects a container wants to know. Bounded and validated as
/// container_metadata is; the environment holds secrets: redact it unless it was asked for.
struct container_details {
  std::vector<std::string> command; ///< with its arguments, as started
  std::string user;                 ///< "", "1000", "1000:1000", "www-data"
  std::string working_dir;
  std::string hostname;
  std::vector<std::string> environment; ///< "NAME=value"
  std::map<std::string, std::string> annotations;
  std::vector<container_mount> mounts;
  std::vector<container_network> networks;
  /// By kind as in /proc/<pid>/ns ("net", "pid", "ipc", "uts", "mnt", "user", "cgroup"): "private",
  /// "host", "container:<id>", "pod", or a path. Kinds that the runtime does not tell are missing.
  std::map<std::string, std::string> namespaces;
  container_limits limits;
  std::string cgroup_path; ///< as the runtime says; empty: it does not
  std::string log_path;
  std::string restart_policy; ///< "always", "on-failure:3", ...; empty: none
  bool privileged = false;

  friend bool operator==(const container_details&, const container_details&) = default;
};

} // namespace troupe
