// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "messages/identity.hpp"

#include <functional>
#include <string>

#include <sys/types.h>

namespace troupe {

/// A cgroup of a test's own.
class scratch_cgroup {
public:
  scratch_cgroup(); ///< in the hierarchy that the agent would watch
  explicit scratch_cgroup(const std::string& mount); ///< in the hierarchy mounted here
  ~scratch_cgroup();                                 // Ends what is still in it.
  scratch_cgroup(const scratch_cgroup&) = delete;
  scratch_cgroup& operator=(const scratch_cgroup&) = delete;

  [[nodiscard]] cgroup_id id() const { return id_; }
  [[nodiscard]] const std::string& path() const { return path_; } ///< below the root, with "/"
  [[nodiscard]] const std::string& directory() const { return directory_; }

  void take_in(pid_t pid) const;

  /// A child that is in the cgroup before it does anything, and exits with what `work` returns.
  [[nodiscard]] pid_t start(const std::function<int()>& work) const;

  /// The same, and waits for it; returns the status of waitpid().
  int run(const std::function<int()>& work) const;

private:
  std::string path_;
  std::string directory_;
  cgroup_id id_ = 0;
};

/// Where the unified hierarchy is mounted; empty where it is not.
std::string unified_mount();

/// Controller of the hierarchy that the agent would watch; "" for the unified one.
std::string watched_controller();

} // namespace troupe
