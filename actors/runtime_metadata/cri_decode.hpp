// SPDX-License-Identifier: Apache-2.0
#pragma once

// From the messages of the Container Runtime Interface to ours: no I/O. All that comes out is
// bounded.

#include "actors/runtime_metadata/runtime_client.hpp"

#include <cri.pb.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe {

/// What a container takes from its pod.
struct cri_pod {
  std::string sandbox_id;
  std::string name;
  std::string uid;
  std::string name_space;
  std::string runtime_handler; ///< "runsc", "kata", ...; empty: the default
  std::vector<std::string> ips;
  bool host_network = false; ///< and host names; only a status tells
  bool host_ipc = false;     ///< likewise
};

cri_pod to_pod(const cri::sandbox& sandbox);
cri_pod to_pod(const cri::sandbox_status& status);

/// A pod's sandbox as a container.
container_metadata to_metadata(const cri::sandbox& sandbox);
container_metadata to_metadata(const cri::sandbox_status& status);

/// What a list says: no pid, no times but that of creation, no exit code.
container_metadata to_metadata(const cri::container& container, const cri_pod& pod);

/// With the details.
container_metadata to_metadata(const cri::container_status& status, const cri_pod& pod);

/// What containerd and CRI-O say beyond CRI, in the JSON under "info" of a verbose answer: pid,
/// sandbox and the OCI spec. Text that is something else says nothing.
struct cri_info {
  uint32_t pid = 0;
  std::string sandbox_id;
  std::string runtime_type; ///< "io.containerd.runc.v2"; not from CRI-O
  std::string spec;         ///< JSON; see oci_spec.hpp
};

cri_info parse_cri_info(std::string_view json);

/// Adds it: pid of who runs, and from the spec what the status left open.
void apply_info(container_metadata& metadata, const cri_info& info, const cri_pod& pod);

/// What a status says of an end (code, time, out of memory) and of the start before it, for
/// whoever has the rest from elsewhere.
void apply_end(container_metadata& metadata, const cri::container_status& status);

/// An event with what it tells of its container. Empty where that is nothing.
std::optional<runtime_event> to_event(const cri::container_event& event);

/// Whether GetContainerEvents of this runtime gives every listener all events. Before CRI-O 1.28
/// and containerd 2.0 all who listened shared one channel: we would take the kubelet's events away.
bool has_own_events(std::string_view runtime_name, std::string_view runtime_version);

} // namespace troupe
