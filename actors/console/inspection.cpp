// SPDX-License-Identifier: Apache-2.0
#include "actors/console/inspection.hpp"

#include "actors/console/container_listing.hpp"
#include "actors/host/boot_clock.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

namespace troupe {

namespace {

/// Whoever else has namespaces: the host, and every container.
std::vector<namespace_user> others_of(const list_row& container, const process_groups& groups,
                                      const std::string& host_root) {
  std::vector<namespace_user> others{{"host", read_host_namespaces(host_root)}};
  std::set<std::string> seen;
  for (const auto& group : groups.all()) {
    const auto& metadata = group.container.metadata;
    if (is_hidden(metadata) || is_same_container(metadata, container.metadata))
      continue;
    if (const auto first = main_process(group.container, group.processes);
        first && seen.insert(group.container.identity.container_id).second)
      others.push_back(
          {group.container.identity.container_id, read_namespaces(host_root, first->id.pid)});
  }
  return others;
}

std::vector<inspected_namespace> namespaces_of(const list_row& container,
                                               const process_groups& groups,
                                               const std::string& host_root, uint32_t pid) {
  std::map<std::string, std::string> asked;
  if (container.metadata.details)
    asked = container.metadata.details->namespaces;
  std::vector<inspected_namespace> result;
  for (auto& use : shared_namespaces(read_namespaces(host_root, pid),
                                     others_of(container, groups, host_root))) {
    const auto known = asked.find(use.kind);
    auto text = known == asked.end() ? std::string{} : known->second;
    if (known != asked.end())
      asked.erase(known);
    result.push_back({std::move(use), std::move(text)});
  }
  for (auto& [kind, text] : asked) // Nothing runs: what will be.
    result.push_back({{kind, 0, {}}, std::move(text)});
  return result;
}

void take_socket(const socket_info& socket, const std::map<uint32_t, uint32_t>& owners, bool alone,
                 inspection& into) {
  const auto owner = socket.inode == 0 ? owners.end() : owners.find(socket.inode);
  if (owner == owners.end() && !alone)
    return; // Another container's, or the host's.
  inspected_socket found{socket, owner == owners.end() ? 0 : owner->second, {}};
  for (const auto& process : into.processes)
    if (process.id.pid == found.pid)
      found.comm = process.comm;
  if (socket.is_connection())
    into.connections.push_back(std::move(found));
  else if (socket.is_listen())
    into.listens.push_back(std::move(found));
}

/// Processes of one container may be in several network namespaces; all of them are looked at.
void read_sockets(const std::string& host_root, inspection& into) {
  std::vector<uint32_t> pids;
  std::map<uint64_t, process_id> namespaces;
  for (const auto& process : into.processes) {
    pids.push_back(process.id.pid);
    const auto own = read_namespaces(host_root, process.id.pid);
    if (const auto net = own.find("net"); net != own.end())
      namespaces.emplace(net->second, process.id);
  }
  const auto owners = socket_owners(host_root, pids);
  for (const auto& [inode, process] : namespaces) {
    const bool alone = std::any_of(into.namespaces.begin(), into.namespaces.end(),
                                   [inode = inode](const inspected_namespace& x) {
                                     return x.use.inode == inode && x.use.shared_with.empty();
                                   });
    const auto listing = list_sockets(host_root, process);
    if (!listing.error.empty())
      into.notes.push_back(listing.error);
    else if (!listing.complete)
      into.notes.emplace_back("not all sockets could be read");
    for (const auto& socket : listing.sockets)
      take_socket(socket, owners, alone, into);
  }
  const auto by_address = [](const inspected_socket& a, const inspected_socket& b) {
    return std::tie(a.socket.protocol, a.socket.local, a.socket.remote)
           < std::tie(b.socket.protocol, b.socket.local, b.socket.remote);
  };
  std::sort(into.listens.begin(), into.listens.end(), by_address);
  std::sort(into.connections.begin(), into.connections.end(), by_address);
}

} // namespace

bool is_same_container(const container_metadata& a, const container_metadata& b) {
  return std::tie(a.runtime, a.name_space, a.id) == std::tie(b.runtime, b.name_space, b.id);
}

process_groups::process_groups(const std::vector<process_info>& processes, process_owners& owners) {
  for (const auto& process : processes) {
    const auto* owner = owners.find(process);
    if (owner == nullptr)
      continue;
    const auto known = std::find_if(groups_.begin(), groups_.end(), [&](const group& x) {
      return is_same_container(x.container.metadata, owner->metadata);
    });
    if (known != groups_.end())
      known->processes.push_back(process);
    else
      groups_.push_back({*owner, {process}});
  }
}

std::vector<process_info> process_groups::of(const container_metadata& container) const {
  for (const auto& x : groups_)
    if (is_same_container(x.container.metadata, container))
      return x.processes;
  return {};
}

inspection inspect_container(const list_row& container, const process_groups& groups,
                             const std::string& host_root, const std::string& controller) {
  inspection result;
  result.container = container;
  result.processes = groups.of(container.metadata);
  const auto first = main_process(container, result.processes);
  result.namespaces = namespaces_of(container, groups, host_root, first ? first->id.pid : 0);
  if (!first)
    return result;
  auto& metadata = result.container.metadata;
  if (metadata.pid == 0)
    metadata.pid = first->id.pid;
  if (metadata.started_ns == 0)
    metadata.started_ns = to_unix_ns(first->id.start_boottime_ns);
  result.cgroup = inspected_cgroup{first->cgroup_path, controller.empty() ? 2U : 1U,
                                   read_cgroup_limits_of(host_root, first->id.pid)};
  read_sockets(host_root, result);
  return result;
}

} // namespace troupe
