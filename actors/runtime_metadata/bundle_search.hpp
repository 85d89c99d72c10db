// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/runtime_metadata/monitor_process.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace troupe {

/// Where a container's OCI bundle lies, and whose it is.
struct found_bundle {
  monitor_claim claim;      ///< id, namespace and, where its monitor says so, name
  std::string folder;       ///< as this process can open it
  std::string pid_file;     ///< likewise
  std::string root;         ///< goes before the paths that the bundle names
  uint32_t monitor_pid = 0; ///< conmon's, whose child the container must be; else 0
};

/// All bundles that can be found without asking a runtime: in the folders where containerd keeps
/// them, beside the working folder of every shim, and where every conmon says. `host_root` is the
/// host's root as this process sees it, "" for "/". Bounded; who cannot be read is left out.
std::vector<found_bundle> find_bundles(const std::string& host_root);

} // namespace troupe
