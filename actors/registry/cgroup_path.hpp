// SPDX-License-Identifier: Apache-2.0
#pragma once

// Shared with: console

// A plain header; `troupe doctor --cgroup` uses it too.

#include "messages/identity.hpp"

#include <string_view>

namespace troupe {

/// What a cgroup is, judged from its path alone: relative to the hierarchy's root, beginning
/// with "/". Knows docker, containerd, CRI-O, podman, the kubelet's pods, systemd, LXC, nspawn,
/// garden and Talos, with the cgroupfs and the systemd driver, in v1 and v2.
///
/// The innermost container of a path wins, so a container's own sub-cgroups (init.scope, a unit of
/// a systemd inside it) are the container. A path is written by whoever may make directories, a
/// container included: one that is too long, has empty or dot segments, or control bytes, is
/// ignored, and so is every id of the wrong form.
///
/// Two forms are guesses: /<namespace>/<id> is containerd's where it has the form of containerd's
/// identifiers, and a lone 64-digit id is somebody's container (docker with a --cgroup-parent);
/// runtime is unknown then. See identify() in container_id.hpp for what is made of a guess.
cgroup_identity parse_cgroup_path(std::string_view path);

} // namespace troupe
