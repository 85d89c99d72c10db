// SPDX-License-Identifier: Apache-2.0
#include "actors/host/namespace_list.hpp"

#include "actors/host/text_parts.hpp"

#include <array>

#include <unistd.h>

namespace troupe {

namespace {

constexpr std::array<std::string_view, 8> kinds{"cgroup", "ipc",  "mnt",  "net",
                                                "pid",    "time", "user", "uts"};

/// include/linux/proc_ns.h, in the order of `kinds`. All are below those that are given out later,
/// so a kernel that has none for a kind (net and mnt before 6.18) has nobody with this number.
constexpr std::array<uint64_t, 8> initial{0xEFFFFFFB, 0xEFFFFFFF, 0xEFFFFFF8, 0xEFFFFFF9,
                                          0xEFFFFFFC, 0xEFFFFFFA, 0xEFFFFFFD, 0xEFFFFFFE};

/// 0 when the link is not "net:[4026531840]".
uint64_t inode_in(std::string_view link, std::string_view kind) {
  if (!link.starts_with(kind) || !link.ends_with(']'))
    return 0;
  link.remove_prefix(kind.size());
  if (!link.starts_with(":["))
    return 0;
  return parse_unsigned(link.substr(2, link.size() - 3)).value_or(0);
}

} // namespace

namespace_set read_namespaces(const std::string& host_root, uint32_t pid) {
  namespace_set result;
  for (const auto kind : kinds) {
    const auto path = host_root + "/proc/" + std::to_string(pid) + "/ns/" + std::string{kind};
    std::array<char, 64> link{};
    const auto size = readlink(path.c_str(), link.data(), link.size());
    if (size <= 0)
      continue;
    if (const auto inode = inode_in({link.data(), static_cast<size_t>(size)}, kind))
      result.emplace(kind, inode);
  }
  return result;
}

namespace_set read_host_namespaces(const std::string& host_root) {
  auto result = read_namespaces(host_root, 1);
  for (size_t i = 0; i < kinds.size(); ++i)
    result.emplace(kinds[i], initial[i]);
  return result;
}

std::vector<namespace_use> shared_namespaces(const namespace_set& own,
                                             const std::vector<namespace_user>& others) {
  std::vector<namespace_use> result;
  for (const auto& [kind, inode] : own) {
    namespace_use use{kind, inode, {}};
    for (const auto& other : others)
      if (const auto theirs = other.namespaces.find(kind);
          theirs != other.namespaces.end() && theirs->second == inode)
        use.shared_with.push_back(other.name);
    result.push_back(std::move(use));
  }
  return result;
}

} // namespace troupe
