// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "messages/runtime.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace troupe {

/// Everything that can be set from outside; filled by actors/console/command_line.cpp from flags,
/// TROUPE_* environment and a YAML file, in that order of precedence. Immutable afterwards.
struct settings {
  // Where to look.
  std::string host_root;   ///< prefix of host paths when run in a container, else ""
  std::string cgroup_root; ///< "" = found from <host_root>/proc/mounts
  std::vector<std::string> docker_sockets; ///< empty = usual paths
  std::vector<std::string> containerd_sockets;
  std::vector<std::string> cri_sockets; ///< of CRI-O, and of whatever else speaks CRI v1
  std::vector<std::string> podman_sockets;
  bool runtimes_off = false; ///< ask no runtime at all

  // Kernel side.
  uint32_t ring_bytes = 2U << 20;    ///< power of two, multiple of the page size
  uint32_t wakeup_bytes = 64U << 10; ///< unread bytes at which the kernel wakes the reader
  std::chrono::milliseconds drain_interval{20};

  // Actors.
  std::chrono::milliseconds tick_interval{5000};
  std::chrono::milliseconds fallback_name_after{
      5000}; ///< export under a fallback id when no runtime answered
  std::chrono::milliseconds retire_after{
      60000};                            ///< keep a container this long after its last cgroup went
  uint32_t credit_batches = 8;           ///< batches in flight a container
  uint32_t pending_bytes_max = 8U << 20; ///< merged in the reader for one container without credit
  uint32_t destinations_max = 512;       ///< per container; more go to "~other"
  uint32_t domains_max = 256;            ///< per container: names that DNS is asked for, and names
                                         ///< in place of addresses; more are not told apart
  std::chrono::milliseconds runtime_timeout{5000}; ///< one call to a runtime
  uint32_t runtime_calls_max = 8;                  ///< lookups at once per endpoint
  bool l7 = true;                                  ///< understand what is said on connections
  bool l7_turns = true;                            ///< the kernel may count simple requests alone
  std::vector<std::string> l7_protocols;           ///< that are understood; empty = all
  std::vector<std::string> l7_off_containers;      ///< patterns of container ids: nothing of theirs
  bool nat = true;         ///< ask conntrack and Cilium where connections really go
  bool services = true;    ///< systemd units are containers too
  bool sessions = false;   ///< so are the slices of users who are logged in
  bool standalone = false; ///< and processes in none of these that listen or connect

  // Kubernetes' workloads by owner references; docs/operations.md. "" = off.
  std::string workloads_url;        ///< of a pod list: the kubelet's or the API server's
  std::string workloads_token_file; ///< bearer token, read again for every call; "" = none
  std::string workloads_ca_file;    ///< "" = the system's; "insecure" = any certificate
  std::chrono::milliseconds workloads_interval{30000};

  // Endpoint.
  std::string listen = "127.0.0.1:9912"; ///< "" = no endpoint
  std::chrono::milliseconds scrape_timeout{2000};
  bool pod_labels = false; ///< add namespace, pod, container, node labels to every container series

  // Set by the commands, not by users.
  uint8_t trace = 0;    ///< trace_mask
  bool details = false; ///< keep container_metadata::details
};

} // namespace troupe
