// SPDX-License-Identifier: Apache-2.0
#include "actors/console/cgroup_containers.hpp"

#include "actors/host/boot_clock.hpp"
#include "actors/host/bounded_file.hpp"
#include "actors/host/cgroup_walk.hpp"
#include "actors/host/process_list.hpp"
#include "actors/registry/cgroup_path.hpp"
#include "actors/registry/container_id.hpp"

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <utility>

namespace troupe {

namespace {

/// A container may start as many processes as it likes. Its first one is among the first that are
/// listed, unless the kernel sorts in another way: then the oldest of those that were read counts.
constexpr size_t pids_max = 4096;
constexpr size_t procs_bytes_max = 64U << 10;
constexpr size_t stat_bytes_max = 4096;

constexpr size_t nobody = SIZE_MAX;

struct record {
  cgroup_identity identity;
  std::vector<std::string> paths; ///< the first is the outermost
};

/// A name as the registry has it: with what it lies in.
using record_key = std::tuple<runtime_kind, std::string, std::string>;

record_key key_of(const cgroup_identity& x) {
  return {x.runtime, x.name_space, x.id};
}

/// The containers of a listing, and which cgroups are theirs. Parents come before their children.
class grouping {
public:
  explicit grouping(const cgroup_container_choice& choice) : choice_(choice) {}

  void take(const std::string& path) {
    const auto above = owner_of(path.substr(0, path.rfind('/')));
    const auto owner = decide(parse_cgroup_path(path), above);
    owners_.emplace(path, owner);
    if (owner != nobody)
      records_[owner].paths.push_back(path);
  }

  [[nodiscard]] const std::vector<record>& records() const { return records_; }

private:
  [[nodiscard]] size_t owner_of(const std::string& path) const {
    const auto found = owners_.find(path);
    return found == owners_.end() ? nobody : found->second;
  }

  [[nodiscard]] bool is_wanted(cgroup_kind kind) const {
    return kind == cgroup_kind::container || (kind == cgroup_kind::service && choice_.services)
           || (kind == cgroup_kind::session && choice_.sessions);
  }

  size_t decide(const cgroup_identity& identity, size_t above) {
    if (!is_wanted(identity.kind) || identity.id.empty())
      return nobody;
    const auto [known, is_new] = index_.try_emplace(key_of(identity), records_.size());
    if (is_new) {
      records_.push_back({identity, {}});
      parents_.push_back(above);
      return known->second;
    }
    // Whoever lies in another container does not get into the books of the one that it is named
    // after.
    const bool same_place = above == known->second || above == parents_[known->second];
    return above == nobody || same_place ? known->second : above;
  }

  cgroup_container_choice choice_;
  std::vector<record> records_;
  std::vector<size_t> parents_; ///< of each record: the container that it lies in
  std::map<record_key, size_t> index_;
  std::unordered_map<std::string, size_t> owners_;
};

std::optional<process_id> process_of(const std::string& host_root, uint32_t pid) {
  const auto text =
      read_bounded(host_root + "/proc/" + std::to_string(pid) + "/stat", stat_bytes_max);
  process_info process;
  if (!text || !parse_process_stat(*text, process))
    return {};
  return process.id;
}

/// Calls found(pid) for the processes of one cgroup, as long as it answers true.
template <class Found>
bool each_pid(const std::string& directory, Found found) {
  const auto text = read_bounded(directory + "/cgroup.procs", procs_bytes_max);
  std::string_view rest = text ? std::string_view{*text} : std::string_view{};
  while (!rest.empty()) {
    const auto end = rest.find('\n');
    if (end == rest.npos)
      break; // Cut off by the bound.
    uint32_t pid = 0;
    // 0: a process of another pid namespace, which this one cannot name.
    if (std::from_chars(rest.data(), rest.data() + end, pid).ec == std::errc{} && pid != 0
        && !found(pid))
      return false;
    rest.remove_prefix(end + 1);
  }
  return true;
}

process_id oldest_process(const cgroup_hierarchy& hierarchy, const record& of,
                          const std::string& host_root) {
  const auto age = [](const process_id& x) {
    return std::pair{x.start_boottime_ns, x.pid};
  };
  process_id oldest;
  size_t read = 0;
  for (const auto& path : of.paths) {
    const bool more = each_pid(hierarchy.mount + path, [&](uint32_t pid) {
      const auto process = process_of(host_root, pid);
      if (process && (oldest.pid == 0 || age(*process) < age(oldest)))
        oldest = *process;
      return ++read < pids_max;
    });
    if (!more)
      break;
  }
  return oldest;
}

/// Only v2 has it in the hierarchy that we walk.
bool is_frozen(const std::string& directory) {
  const auto events = read_bounded(directory + "/cgroup.events", stat_bytes_max);
  return events && events->find("frozen 1") != std::string::npos;
}

container_metadata describe(const cgroup_hierarchy& hierarchy, const record& of,
                            const std::string& host_root) {
  container_metadata result;
  result.runtime = of.identity.runtime;
  result.id = of.identity.id;
  result.name = identify(of.identity).container;
  auto details = std::make_shared<container_details>();
  details->cgroup_path = of.paths.front();
  result.details = std::move(details);
  if (const auto first = oldest_process(hierarchy, of, host_root); first.pid != 0) {
    result.pid = first.pid;
    result.started_ns = to_unix_ns(first.start_boottime_ns);
    result.state = is_frozen(hierarchy.mount + of.paths.front()) ? container_state::paused
                                                                 : container_state::running;
  } else {
    result.state = container_state::exited;
  }
  return result;
}

} // namespace

std::vector<container_metadata> cgroup_containers(const cgroup_hierarchy& hierarchy,
                                                  const cgroup_listing& listing,
                                                  const std::string& host_root,
                                                  const cgroup_container_choice& choice) {
  grouping groups{choice};
  for (const auto& cgroup : listing.cgroups)
    groups.take(cgroup.path);
  std::vector<container_metadata> result;
  for (const auto& x : groups.records())
    if (!x.paths.empty() && !needs_runtime(x.identity))
      result.push_back(describe(hierarchy, x, host_root));
  return result;
}

std::vector<container_metadata> cgroup_containers(const std::string& host_root,
                                                  const std::string& cgroup_root,
                                                  const cgroup_container_choice& choice) {
  const auto hierarchy = find_cgroup_hierarchy(host_root, cgroup_root);
  if (!hierarchy)
    return {};
  return cgroup_containers(*hierarchy, walk_cgroups(*hierarchy), host_root, choice);
}

void add_unknown(std::vector<container_metadata>& known, std::vector<container_metadata> found) {
  std::set<std::pair<runtime_kind, std::string>> told;
  for (const auto& x : known)
    told.emplace(x.runtime, x.id);
  for (auto& x : found)
    if (!told.contains({x.runtime, x.id}))
      known.push_back(std::move(x));
}

} // namespace troupe
