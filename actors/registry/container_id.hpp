// SPDX-License-Identifier: Apache-2.0
#pragma once

// Shared with: console

#include "messages/container_metadata.hpp"
#include "messages/identity.hpp"
#include "messages/workloads.hpp"

namespace troupe {

/// Who a container is to the outside, by what its cgroup's path and its runtime say:
///
///   /k8s/<namespace>/<pod>/<container>             Kubernetes labels
///   /k8s-cronjob/<namespace>/<cronjob>/<container> the same, of a CronJob's pod: one id for all
///   runs /swarm/<stack or _>/<service>/<slot>           docker swarm's labels /docker/<name>
///   /podman/<name> /containerd/<namespace>/<name or id> /system.slice/nginx.service  /lxc/<name>
///   /machine/<name>  /garden/<id>  /talos/<name>
///
/// Every part comes from somebody else: it is cut at 256 bytes, and "/" and control bytes in it
/// become "_", so that a name cannot pose as another path.
container_identity identify(const cgroup_identity& cgroup, const container_metadata& metadata);

/// The fallback while no runtime has answered: provisional, with the first 12 digits of the id for
/// a name. Complete at once for what has no runtime to ask (systemd, LXC, nspawn, garden, Talos).
/// container_id is empty where the path alone is a guess: that is not shown until it is confirmed.
container_identity identify(const cgroup_identity& cgroup);

/// Gives a pod's container the workload that is known of the pod, in place of what its pod's name
/// looks like.
void set_workload(container_identity& identity, const pod_workload& owner);

/// Whether a runtime has to be asked who this is.
bool needs_runtime(const cgroup_identity& cgroup);

} // namespace troupe
