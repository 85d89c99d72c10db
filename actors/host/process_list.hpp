// SPDX-License-Identifier: Apache-2.0
#pragma once

// Shared with: console, runtime_metadata

#include "messages/identity.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe {

/// What /proc says of a process. Names and arguments are the process's own: escape them at output.
struct process_info {
  process_id id; ///< its start only to the clock tick of /proc, mostly 10 ms
  uint32_t parent = 0;
  uint32_t user = 0; ///< effective, as the host counts
  uint32_t threads = 0;
  char state = '?'; ///< as in proc(5): R, S, D, Z, T, t, X, I
  bool of_kernel = false;
  uint64_t resident_bytes = 0;
  uint64_t cpu_time_ns = 0; ///< user and system
  std::string comm;
  std::vector<std::string> arguments; ///< empty: a zombie, or the kernel's
  std::string cgroup_path;            ///< in the hierarchy that was asked for; empty when unknown
};

struct process_bounds {
  size_t processes = 200'000;
  size_t argument_bytes = 16U << 10; ///< of one process
};

struct process_listing {
  std::vector<process_info> processes; ///< by pid
  bool complete = true;                ///< false: there are more than the bound
};

/// All processes of <host_root>/proc, in one pass. Who ends meanwhile is left out. `controller`
/// names the cgroup hierarchy as cgroup_hierarchy does: "" is the unified one.
[[nodiscard]] process_listing read_processes(const std::string& host_root,
                                             std::string_view controller,
                                             const process_bounds& bounds = {});

/// One of them.
[[nodiscard]] std::optional<process_info> read_process(const std::string& host_root, uint32_t pid,
                                                       std::string_view controller,
                                                       const process_bounds& bounds = {});

// The parsers beneath.

/// Takes /proc/<pid>/stat into `into`; false when it is none.
[[nodiscard]] bool parse_process_stat(std::string_view text, process_info& into);

/// The effective user of /proc/<pid>/status.
[[nodiscard]] std::optional<uint32_t> parse_process_user(std::string_view status);

/// The path that a /proc/<pid>/cgroup file has for one hierarchy; empty when there is none.
[[nodiscard]] std::string cgroup_path_in(std::string_view cgroup_file, std::string_view controller);

} // namespace troupe
