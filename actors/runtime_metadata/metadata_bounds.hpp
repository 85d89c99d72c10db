// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "messages/container_metadata.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe {

/// What a runtime may say at most. A runtime's answer is only as honest as its socket, and labels
/// come from whoever wrote the image.
namespace runtime_bounds {
inline constexpr size_t list_bytes = 16U << 20;
inline constexpr size_t inspect_bytes = 4U << 20;
inline constexpr size_t event_bytes = 1U << 20;
inline constexpr size_t containers = 16384; ///< per endpoint; those beyond are looked up one by one
inline constexpr size_t namespaces = 256;
inline constexpr size_t name_bytes = 256;
inline constexpr size_t image_bytes = 1024;
inline constexpr size_t labels = 256;
inline constexpr size_t label_key_bytes = 256;
inline constexpr size_t label_value_bytes = 4096;
inline constexpr size_t texts = 512;       ///< arguments of a command, variables of an environment
inline constexpr size_t text_bytes = 4096; ///< of one of them, and of a path
inline constexpr size_t mounts = 256;
inline constexpr size_t networks = 64;
} // namespace runtime_bounds

/// Cuts every text and drops the labels beyond the bound, so that one container costs little.
void bound(container_metadata& metadata);
void bound(container_details& details);

/// The Nomad task whose environment this is, by NOMAD_NAMESPACE, NOMAD_JOB_NAME (or _ID),
/// NOMAD_GROUP_NAME, NOMAD_ALLOC_ID and NOMAD_TASK_NAME. Without an allocation there is none.
nomad_task nomad_from(const std::vector<std::string>& environment);

/// A CPU quota in thousandths of a CPU; 0 when there is none (a quota of 0 or below).
uint64_t millicores(int64_t quota_us, int64_t period_us);

/// Whether the text may be a container's id or a namespace: docker's and containerd's rule,
/// [A-Za-z0-9][A-Za-z0-9_.-]*. Nothing else goes into a URL or a header: the text may come from the
/// name of a cgroup, which a container may choose.
bool plausible_id(std::string_view text);

/// Nanoseconds of Unix time of "2024-05-06T07:08:09.123456789Z" (or with an offset). Empty when it
/// is no such time or not within 1970..2261; docker writes "never" as year 1.
std::optional<int64_t> parse_rfc3339(std::string_view text);

} // namespace troupe
