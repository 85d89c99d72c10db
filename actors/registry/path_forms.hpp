// SPDX-License-Identifier: Apache-2.0
#pragma once

// The forms of single names in cgroup paths.

#include <string>
#include <string_view>

namespace troupe {

/// 64 lower-case hexadecimal digits, as docker, containerd's CRI plugin, CRI-O and podman make ids.
bool is_long_id(std::string_view text);

/// containerd's identifiers (pkg/identifiers): alphanumeric parts joined by single ".", "_" or
/// "-", at most 76 bytes. For namespaces and container ids.
bool is_containerd_name(std::string_view text);

/// Namespaces that containerd's usual clients use by default.
bool is_known_containerd_namespace(std::string_view text);

/// Letters, digits, ".", "_", "-", at most 128 bytes, not led by a dot or a dash: LXC, nspawn,
/// garden, Talos.
bool is_plain_name(std::string_view text);

/// Has a suffix of systemd's: .slice, .service, .scope, ...
bool is_unit_name(std::string_view text);

/// Bytes below space, or DEL.
bool has_control(std::string_view text);

/// The pod's uid, with dashes, from pod<uid> or <slice>-pod<uid>.slice; empty when it is neither.
/// A uid is a UUID, or for a static pod 32 digits (a hash of its manifest).
std::string pod_uid_of(std::string_view segment);

/// systemd.unit(5): \xNN becomes the byte. Empty when an escape is broken.
std::string unit_unescaped(std::string_view text);

} // namespace troupe
