// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/runtime_metadata/bundle_search.hpp"
#include "actors/runtime_metadata/runtime_client.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace troupe {

/// A container's first process, as /proc shows it.
struct init_process_state {
  uint32_t pid = 0;        ///< 0: it has none, or has ended
  int64_t started_ns = 0;  ///< Unix time
  bool written = false;    ///< there is a pid file
  bool is_runtime = false; ///< the OCI runtime waits in it for the order to start
  bool vouched = false;    ///< it is a child of the bundle's monitor
};

/// Reads the bundle's pid file and /proc.
init_process_state init_process(const std::string& host_root, const found_bundle& bundle);

/// What a bundle's config.json says; empty when that is no OCI spec. For docker's containers reads
/// also what docker wrote down of them, which the spec shows the way to.
std::optional<container_answer> read_bundle(const found_bundle& bundle, std::string_view spec,
                                            const init_process_state& process);

/// As above without any file: a bundle is what it says.
std::optional<container_answer> parse_bundle(const monitor_claim& claim, std::string_view spec,
                                             const init_process_state& process);

/// Takes what docker wrote down (config.v2.json) into an answer that parse_bundle() gave. Of the
/// state only what the process does not show.
void apply_docker_record(std::string_view record, container_metadata& metadata);

/// Names the pod of one of podman's containers by its infra container's bundle.
void apply_infra(const found_bundle& infra, std::string_view spec,
                 const init_process_state& process, container_metadata& metadata);

} // namespace troupe
