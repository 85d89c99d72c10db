// SPDX-License-Identifier: Apache-2.0
#pragma once

// What containerd's CRI plugin stores with a container or a sandbox: JSON in an extension of the
// record, the same since containerd 1.1. Text in, values out.

#include "messages/container_details.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace troupe {

struct cri_record {
  std::string sandbox_id; ///< of a container
  std::string log_path;   ///< of a container
  uint32_t restarts = 0;  ///< of a container
  std::map<std::string, std::string> annotations;
  std::vector<container_network> networks; ///< of a sandbox; none where it uses the host's
};

/// Text that is something else says nothing.
cri_record parse_cri_record(std::string_view json);

/// A container's restarts: the kubelet's annotation, else the attempt, which it counts alike as
/// long as the pod has one sandbox.
uint32_t restarts_of(const std::map<std::string, std::string>& annotations, uint32_t attempt);

/// An address of a pod.
container_network network_of(const std::string& ip);

} // namespace troupe
