// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/console/cgroup_containers.hpp"
#include "actors/console/list_fields.hpp"
#include "actors/host/process_list.hpp"
#include "messages/runtime.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace troupe {

/// Says which container a process belongs to, by its cgroup. What no runtime told has the identity
/// that its cgroup's path gives, as in metrics before a runtime has answered.
class process_owners {
public:
  /// `containers` are all that are known, pods' sandboxes too. Of the choice, processes of services
  /// have an owner.
  process_owners(const std::vector<container_metadata>& containers,
                 const cgroup_container_choice& choice);

  /// The container; nullptr: none. The pointer holds as long as this.
  [[nodiscard]] const list_row* find(const process_info& process);

private:
  [[nodiscard]] std::optional<list_row> make(const std::string& cgroup_path) const;

  cgroup_container_choice choice_;
  std::multimap<std::string, list_row> by_id_;
  std::map<std::string, std::optional<list_row>> by_path_; ///< found before
};

/// The oldest process of a container that the runtime names, or of those that are there: the one
/// whose namespaces and cgroup are the container's. Empty when it has none.
[[nodiscard]] std::optional<process_info> main_process(const list_row& row,
                                                       const std::vector<process_info>& processes);

} // namespace troupe
