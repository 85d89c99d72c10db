// SPDX-License-Identifier: Apache-2.0
#include "actors/console/process_owners.hpp"

#include "actors/console/container_listing.hpp"
#include "actors/registry/cgroup_path.hpp"
#include "actors/registry/container_id.hpp"

#include <algorithm>
#include <utility>

namespace troupe {

namespace {

/// How well a container with the right id fits what the path says besides: containerd's namespaces
/// may each have a container "web".
int likeness(const cgroup_identity& cgroup, const container_metadata& metadata) {
  return (cgroup.name_space == metadata.name_space ? 2 : 0)
         + (cgroup.runtime == metadata.runtime ? 1 : 0);
}

} // namespace

process_owners::process_owners(const std::vector<container_metadata>& containers,
                               const cgroup_container_choice& choice)
    : choice_(choice) {
  for (const auto& metadata : containers)
    by_id_.emplace(metadata.id, row_of(metadata));
}

const list_row* process_owners::find(const process_info& process) {
  const auto [known, is_new] = by_path_.try_emplace(process.cgroup_path);
  if (is_new && !process.of_kernel)
    known->second = make(process.cgroup_path);
  return known->second ? &*known->second : nullptr;
}

std::optional<list_row> process_owners::make(const std::string& cgroup_path) const {
  const auto cgroup = parse_cgroup_path(cgroup_path);
  const bool wanted = cgroup.kind == cgroup_kind::container
                      || (cgroup.kind == cgroup_kind::service && choice_.services)
                      || (cgroup.kind == cgroup_kind::session && choice_.sessions);
  if (!wanted || cgroup.id.empty())
    return {};
  const auto [first, last] = by_id_.equal_range(cgroup.id);
  const auto best = std::max_element(first, last, [&](const auto& a, const auto& b) {
    return likeness(cgroup, a.second.metadata) < likeness(cgroup, b.second.metadata);
  });
  if (best != last)
    return best->second;
  list_row row{identify(cgroup), {}};
  if (row.identity.container_id.empty())
    return {};
  row.metadata.runtime = cgroup.runtime;
  row.metadata.id = cgroup.id;
  row.metadata.name = row.identity.provisional ? std::string{} : row.identity.container;
  row.metadata.name_space = cgroup.name_space;
  row.metadata.state = container_state::running; // It has a process.
  return row;
}

std::optional<process_info> main_process(const list_row& row,
                                         const std::vector<process_info>& processes) {
  const auto older = [&](const process_info& a, const process_info& b) {
    const bool a_named = a.id.pid == row.metadata.pid;
    const bool b_named = b.id.pid == row.metadata.pid;
    if (a_named != b_named)
      return a_named;
    return std::pair{a.id.start_boottime_ns, a.id.pid}
           < std::pair{b.id.start_boottime_ns, b.id.pid};
  };
  const auto oldest = std::min_element(processes.begin(), processes.end(), older);
  return oldest == processes.end() ? std::nullopt : std::optional{*oldest};
}

} // namespace troupe
