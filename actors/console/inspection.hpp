// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/console/list_fields.hpp"
#include "actors/console/process_owners.hpp"
#include "actors/host/cgroup_limits.hpp"
#include "actors/host/namespace_list.hpp"
#include "actors/host/process_list.hpp"
#include "actors/host/socket_list.hpp"

#include <optional>
#include <string>
#include <vector>

namespace troupe {

/// A container's cgroup, as the kernel has it.
struct inspected_cgroup {
  std::string path;
  unsigned version = 2; ///< of the hierarchy that holds the containers
  cgroup_limits limits;
};

/// A namespace of a container: what its runtime was asked for, and what became of it.
struct inspected_namespace {
  namespace_use use;
  std::string asked; ///< "private", "host", "container:<id>", ...; empty: the runtime does not say
};

/// A socket and the process that has it.
struct inspected_socket {
  socket_info socket;
  uint32_t pid = 0; ///< 0: no process that we found
  std::string comm;
};

/// All that is known of one container.
struct inspection {
  list_row container;
  std::optional<inspected_cgroup> cgroup; ///< empty: nothing runs in it
  std::vector<inspected_namespace> namespaces;
  std::vector<process_info> processes;
  std::vector<inspected_socket> listens;
  std::vector<inspected_socket> connections;
  std::vector<std::string> notes; ///< what could not be read, and why
  bool environment = false;       ///< show its values
};

/// The processes of this machine by the container that they are in.
class process_groups {
public:
  process_groups(const std::vector<process_info>& processes, process_owners& owners);

  struct group {
    list_row container;
    std::vector<process_info> processes;
  };

  [[nodiscard]] const std::vector<group>& all() const { return groups_; }
  /// Those of one container; empty when nothing runs in it.
  [[nodiscard]] std::vector<process_info> of(const container_metadata& container) const;

private:
  std::vector<group> groups_;
};

/// Whether both are the same container of the same runtime.
[[nodiscard]] bool is_same_container(const container_metadata& a, const container_metadata& b);

/// Reads from the machine what the runtime does not know.
[[nodiscard]] inspection inspect_container(const list_row& container, const process_groups& groups,
                                           const std::string& host_root,
                                           const std::string& controller);

} // namespace troupe
