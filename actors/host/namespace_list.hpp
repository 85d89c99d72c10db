// SPDX-License-Identifier: Apache-2.0
#pragma once

// Shared with: console

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace troupe {

/// The namespaces of a process by kind, as in /proc/<pid>/ns: "cgroup", "ipc", "mnt", "net", "pid",
/// "time", "user", "uts". The number is the inode that names a namespace on this machine.
using namespace_set = std::map<std::string, uint64_t, std::less<>>;

/// Empty when the process is gone, or may not be looked at.
[[nodiscard]] namespace_set read_namespaces(const std::string& host_root, uint32_t pid);

/// The machine's own: those of its first process; kinds that may not be read have the numbers that
/// the kernel gives to its initial ones.
[[nodiscard]] namespace_set read_host_namespaces(const std::string& host_root);

/// Somebody who has namespaces.
struct namespace_user {
  std::string name;
  namespace_set namespaces;
};

/// A namespace, and who else is in it.
struct namespace_use {
  std::string kind;
  uint64_t inode = 0;
  std::vector<std::string> shared_with; ///< names, in the order of the others

  friend bool operator==(const namespace_use&, const namespace_use&) = default;
};

/// For each of `own`: which of the others have the same.
[[nodiscard]] std::vector<namespace_use>
shared_namespaces(const namespace_set& own, const std::vector<namespace_user>& others);

} // namespace troupe
