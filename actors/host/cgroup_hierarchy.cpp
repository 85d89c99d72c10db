// SPDX-License-Identifier: Apache-2.0

#include "actors/host/cgroup_hierarchy.hpp"

#include "actors/host/bounded_file.hpp"

#include <algorithm>
#include <array>

#include <sys/stat.h>

namespace troupe {

namespace {

/// A node with thousands of pods has some ten thousand mounts.
constexpr size_t mountinfo_bytes_max = 16U << 20;

constexpr std::array<std::string_view, 5> preferred_controllers{"memory", "pids", "cpu", "devices",
                                                                "freezer"};

/// What a v1 mount's options may name besides "rw", "name=...", "release_agent=..." and the like.
constexpr std::array<std::string_view, 14> known_controllers{
    "memory", "pids",    "cpu",      "devices",    "freezer", "cpuacct", "cpuset",
    "blkio",  "net_cls", "net_prio", "perf_event", "hugetlb", "rdma",    "misc"};

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    const auto end = std::min(text.find(separator), text.size());
    if (end > 0)
      parts.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

/// mountinfo writes space, tab, newline and backslash as \ooo.
std::string unescape(std::string_view text) {
  const auto is_octal = [](char c) {
    return c >= '0' && c <= '7';
  };
  std::string result;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 3 < text.size() && is_octal(text[i + 1]) && is_octal(text[i + 2])
        && is_octal(text[i + 3])) {
      result += static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8
                                  + (text[i + 3] - '0'));
      i += 3;
    } else {
      result += text[i];
    }
  }
  return result;
}

bool is_directory(const std::string& path) {
  struct stat status {};
  return stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

bool exists(const std::string& path) {
  struct stat status {};
  return stat(path.c_str(), &status) == 0;
}

bool has(const std::vector<std::string>& controllers, std::string_view name) {
  return std::find(controllers.begin(), controllers.end(), name) != controllers.end();
}

/// The mount that fits and can be entered; one of the whole hierarchy rather than a part of it.
template <class Fits>
std::optional<std::string> choose(const std::vector<cgroup_mount>& mounts,
                                  const std::string& prefix, Fits fits) {
  std::optional<std::string> part;
  for (const auto& mount : mounts) {
    if (!fits(mount) || !is_directory(prefix + mount.point))
      continue;
    if (mount.root == "/")
      return prefix + mount.point;
    if (!part)
      part = prefix + mount.point;
  }
  return part;
}

std::optional<cgroup_hierarchy> choose_hierarchy(const std::vector<cgroup_mount>& mounts,
                                                 const std::string& prefix) {
  for (auto controller : preferred_controllers) {
    auto found = choose(mounts, prefix, [&](const cgroup_mount& x) {
      return !x.unified && has(x.controllers, controller);
    });
    if (found)
      return cgroup_hierarchy{std::move(*found), std::string{controller}};
  }
  auto found = choose(mounts, prefix, [](const cgroup_mount& x) { return x.unified; });
  if (found)
    return cgroup_hierarchy{std::move(*found), ""};
  return {};
}

/// A directory that somebody named: its own content says what it is.
std::optional<cgroup_hierarchy> judge_directory(std::string path) {
  while (path.size() > 1 && path.back() == '/')
    path.pop_back();
  if (exists(path + "/cgroup.controllers")) // The root of every v2 hierarchy has it, no v1 one.
    return cgroup_hierarchy{std::move(path), ""};
  for (auto controller : preferred_controllers)
    if (auto below = path + "/" + std::string{controller}; exists(below + "/cgroup.procs"))
      return cgroup_hierarchy{std::move(below), std::string{controller}};
  const auto name = path.substr(path.rfind('/') + 1); // "memory", "cpu,cpuacct"
  for (auto part : split(name, ','))
    for (auto controller : preferred_controllers)
      if (part == controller && exists(path + "/cgroup.procs"))
        return cgroup_hierarchy{path, std::string{controller}};
  return {};
}

} // namespace

std::vector<cgroup_mount> parse_cgroup_mounts(std::string_view mountinfo) {
  // 36 35 98:0 /root /point rw,noatime shared:1 - type source options
  std::vector<cgroup_mount> result;
  for (auto line : split(mountinfo, '\n')) {
    const auto fields = split(line, ' ');
    const auto dash = std::find(fields.begin(), fields.end(), "-");
    if (fields.size() < 6 || dash - fields.begin() < 6 || fields.end() - dash < 4)
      continue;
    const auto type = dash[1];
    if (type != "cgroup" && type != "cgroup2")
      continue;
    cgroup_mount mount{unescape(fields[3]), unescape(fields[4]), type == "cgroup2", {}};
    if (!mount.unified)
      for (auto option : split(dash[3], ','))
        if (std::find(known_controllers.begin(), known_controllers.end(), option)
            != known_controllers.end())
          mount.controllers.emplace_back(option);
    result.push_back(std::move(mount));
  }
  return result;
}

std::optional<cgroup_hierarchy> find_cgroup_hierarchy(const std::string& host_root,
                                                      const std::string& override_root) {
  if (!override_root.empty())
    return judge_directory(override_root);
  if (auto text = read_bounded(host_root + "/proc/1/mountinfo", mountinfo_bytes_max))
    if (auto found = choose_hierarchy(parse_cgroup_mounts(*text), host_root))
      return found;
  // Without the host's pid namespace process 1 is not the host's. Paths in our own table are ours.
  if (auto text = read_bounded("/proc/self/mountinfo", mountinfo_bytes_max)) {
    auto mounts = parse_cgroup_mounts(*text);
    if (!host_root.empty())
      std::erase_if(mounts, [&](const cgroup_mount& x) {
        return x.point.compare(0, host_root.size() + 1, host_root + "/") != 0;
      });
    return choose_hierarchy(mounts, "");
  }
  return {};
}

} // namespace troupe
