// SPDX-License-Identifier: Apache-2.0
#pragma once

// The OCI runtime spec, as far as we read it: a bundle's config.json, and what containerd stores of
// it with each container. Text in, values out: no I/O, no exceptions.

#include "messages/container_metadata.hpp"

#include <optional>
#include <string_view>

namespace troupe {

/// What a container was made from. Bounded.
struct oci_spec {
  /// Of the mounts those that show something: not /proc, /sys and their like. networks, log_path
  /// and restart_policy are not in a spec.
  container_details details;
  nomad_task nomad; ///< by the environment
};

/// Empty for what is no JSON object with an "ociVersion". A field that is missing, null or of
/// another type is left at its default.
std::optional<oci_spec> parse_oci_spec(std::string_view json);

/// Sets what containerd's CRI plugin and CRI-O say in a spec's annotations, where nothing is yet:
/// name, image, labels io.kubernetes.pod.{name,namespace,uid} and io.kubernetes.container.name,
/// sandbox_id (of a container, not of a sandbox), and whether it is a sandbox. In the details: the
/// log path of CRI-O, and which namespaces are the pod's.
void apply_annotations(container_metadata& metadata, container_details& details);

} // namespace troupe
