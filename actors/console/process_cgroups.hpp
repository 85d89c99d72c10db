// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace troupe {

/// The containers that a /proc/<pid>/cgroup file names: their ids at the runtime.
[[nodiscard]] std::vector<std::string> container_ids_in(std::string_view cgroup_file);

/// The same of a running process.
[[nodiscard]] std::vector<std::string> container_ids_of(const std::string& host_root, uint32_t pid);

} // namespace troupe
