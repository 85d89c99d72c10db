// SPDX-License-Identifier: Apache-2.0
#pragma once

// Each container has a process that watches over it: containerd's shim, or conmon of podman and
// CRI-O. Their command lines say whose, and survive their runtime. Text in, values out.

#include "messages/identity.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe {

/// What a monitor's command line claims. Any process may write such a line: see bundle_search.cpp.
struct monitor_claim {
  runtime_kind runtime = runtime_kind::unknown; ///< containerd; podman for conmon, CRI-O's too
  std::string id;                               ///< a shim's: that of its first container
  std::string name_space;                       ///< containerd's
  std::string name;                             ///< conmon's; as it was when the container started
  std::string bundle;                           ///< conmon's: an absolute path
  std::string pid_file;                         ///< conmon's: an absolute path
  std::string oci_runtime;                      ///< "runc", "io.containerd.runsc.v1"; may be empty

  friend bool operator==(const monitor_claim&, const monitor_claim&) = default;
};

/// Whether a process of this name (as in /proc/<pid>/comm, so cut at 15 bytes) may be a monitor.
bool may_be_monitor(std::string_view comm);

/// Empty for what is no monitor's command line, or names no container.
std::optional<monitor_claim> parse_monitor(const std::vector<std::string>& arguments);

/// "/usr/bin/containerd-shim-runc-v2" -> "io.containerd.runc.v2"; empty for other files.
std::string runtime_of_shim(std::string_view executable);

/// Whether /proc/<pid>/status is that of a process in the outermost pid namespace that /proc shows:
/// not of one in a container, unless it was given the host's.
bool is_hosts_process(std::string_view status);

} // namespace troupe
