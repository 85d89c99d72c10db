// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "messages/workloads.hpp"

#include <cstddef>
#include <optional>
#include <string>

namespace troupe {

/// More pods than any node runs; those beyond keep what their names look like.
inline constexpr size_t listed_pods_max = 10'000;

/// Whose the pods of a PodList are (core/v1, as the kubelet's /pods and the API server's
/// /api/v1/pods answer it), by their controller:
///
///   ReplicaSet    its Deployment (or Rollout): the name without the hash that the pod is labelled
///                 with; a ReplicaSet made by hand is itself
///   Job           its CronJob, where the name ends in the time of the run; else itself
///   Node          a static pod: the pod's name without the node's
///   others        by their name: StatefulSet, DaemonSet, an operator's own
///
/// Empty when it is no PodList. Pods without a name, and texts longer than Kubernetes' names may
/// be, are passed over. Move the text in: the parser wants room behind it.
std::optional<pod_workloads> parse_pod_list(std::string text);

} // namespace troupe
