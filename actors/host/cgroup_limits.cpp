// SPDX-License-Identifier: Apache-2.0
#include "actors/host/cgroup_limits.hpp"

#include "actors/host/bounded_file.hpp"
#include "actors/host/process_list.hpp"
#include "actors/host/text_parts.hpp"

#include <algorithm>

namespace troupe {

namespace {

constexpr size_t value_bytes_max = 256;
constexpr size_t cgroup_bytes_max = 64U << 10;
constexpr size_t mountinfo_bytes_max = 16U << 20;

/// v1 writes "no limit" as the largest number of pages, in bytes.
constexpr uint64_t v1_unlimited = uint64_t{1} << 62;

using limit = std::optional<uint64_t>;

limit read_number(const std::string& path) {
  auto text = read_bounded(path, value_bytes_max);
  if (!text)
    return {};
  while (!text->empty() && text->back() == '\n')
    text->pop_back();
  const auto number = parse_unsigned(*text); // "max" is none.
  return number && *number < v1_unlimited ? number : std::nullopt;
}

limit millicores(uint64_t quota_us, uint64_t period_us) {
  return period_us == 0 || quota_us > UINT64_MAX / 1000 ? limit{}
                                                        : limit{quota_us * 1000 / period_us};
}

/// "150000 100000", "max 100000".
limit read_cpu_max(const std::string& folder) {
  auto text = read_bounded(folder + "/cpu.max", value_bytes_max);
  if (!text)
    return {};
  std::replace(text->begin(), text->end(), '\n', ' ');
  const auto parts = split_text(*text, ' ');
  if (parts.size() != 2)
    return {};
  const auto quota = parse_unsigned(parts[0]);
  const auto period = parse_unsigned(parts[1]);
  return quota && period ? millicores(*quota, *period) : limit{};
}

/// A quota of -1 is none.
limit read_cpu_quota(const std::string& folder) {
  const auto quota = read_number(folder + "/cpu.cfs_quota_us");
  const auto period = read_number(folder + "/cpu.cfs_period_us");
  return quota && period ? millicores(*quota, *period) : limit{};
}

/// Where a cgroup is below a mount; empty when the mount shows another part of the hierarchy.
std::optional<std::string> folder_below(const cgroup_mount& mount, std::string path) {
  if (path.empty() || path.front() != '/' || path.find("/../") != std::string::npos
      || path.ends_with("/.."))
    return {};
  if (mount.root != "/") {
    if (!path.starts_with(mount.root))
      return {};
    path.erase(0, mount.root.size());
  }
  while (!path.empty() && path.back() == '/')
    path.pop_back();
  return path;
}

/// The tightest of what read(folder) says of a cgroup and those above it.
template <class Read>
limit tightest(const cgroup_mount& mount, std::string below, Read read) {
  limit least;
  for (;;) {
    if (const auto here = read(mount.point + below); here && (!least || *here < *least))
      least = here;
    if (below.empty())
      return least;
    below.erase(below.rfind('/'));
  }
}

bool has(const cgroup_mount& mount, std::string_view controller) {
  return std::find(mount.controllers.begin(), mount.controllers.end(), controller)
         != mount.controllers.end();
}

void take(limit& into, limit found) {
  if (found)
    into = found;
}

auto file_reader(std::string name) {
  return [name = std::move(name)](const std::string& folder) {
    return read_number(folder + "/" + name);
  };
}

void read_unified(const cgroup_mount& mount, const std::string& below, cgroup_limits& into) {
  const auto folder = mount.point + below;
  take(into.memory_max_bytes, tightest(mount, below, file_reader("memory.max")));
  take(into.memory_current_bytes, read_number(folder + "/memory.current"));
  take(into.cpu_max_millicores, tightest(mount, below, read_cpu_max));
  take(into.pids_max, tightest(mount, below, file_reader("pids.max")));
  take(into.pids_current, read_number(folder + "/pids.current"));
}

void read_v1(const cgroup_mount& mount, const std::string& below, cgroup_limits& into) {
  const auto folder = mount.point + below;
  if (has(mount, "memory")) {
    take(into.memory_max_bytes, tightest(mount, below, file_reader("memory.limit_in_bytes")));
    take(into.memory_current_bytes, read_number(folder + "/memory.usage_in_bytes"));
  }
  if (has(mount, "cpu"))
    take(into.cpu_max_millicores, tightest(mount, below, read_cpu_quota));
  if (has(mount, "pids")) {
    take(into.pids_max, tightest(mount, below, file_reader("pids.max")));
    take(into.pids_current, read_number(folder + "/pids.current"));
  }
}

} // namespace

std::vector<cgroup_mount> read_cgroup_mounts(const std::string& host_root) {
  if (const auto text = read_bounded(host_root + "/proc/1/mountinfo", mountinfo_bytes_max)) {
    auto mounts = parse_cgroup_mounts(*text);
    for (auto& mount : mounts)
      mount.point.insert(0, host_root);
    if (!mounts.empty())
      return mounts;
  }
  // Paths in our own table are ours.
  const auto text = read_bounded("/proc/self/mountinfo", mountinfo_bytes_max);
  return text ? parse_cgroup_mounts(*text) : std::vector<cgroup_mount>{};
}

cgroup_limits read_cgroup_limits(const std::vector<cgroup_mount>& mounts,
                                 std::string_view cgroup_file) {
  cgroup_limits result;
  for (const auto& mount : mounts) {
    if (!mount.unified && mount.controllers.empty())
      continue; // name=systemd
    const auto controller = mount.unified ? std::string{} : mount.controllers.front();
    const auto below = folder_below(mount, cgroup_path_in(cgroup_file, controller));
    if (!below)
      continue;
    if (mount.unified)
      read_unified(mount, *below, result);
    else
      read_v1(mount, *below, result);
  }
  return result;
}

cgroup_limits read_cgroup_limits_of(const std::string& host_root, uint32_t pid) {
  const auto file =
      read_bounded(host_root + "/proc/" + std::to_string(pid) + "/cgroup", cgroup_bytes_max);
  return file ? read_cgroup_limits(read_cgroup_mounts(host_root), *file) : cgroup_limits{};
}

} // namespace troupe
