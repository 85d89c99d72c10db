// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/console/cgroup_containers.hpp"
#include "actors/console/list_fields.hpp"
#include "actors/console/selector.hpp"
#include "messages/runtime.hpp"
#include "messages/settings.hpp"

#include <string>
#include <vector>

namespace troupe {

/// A pod's pause container, which nobody wants to see; see holds_whole_pod().
[[nodiscard]] bool is_hidden(const container_metadata& metadata);

/// The container with its identity.
[[nodiscard]] list_row row_of(const container_metadata& metadata);

/// Where a runtime does not say since when a container runs (containerd), its init process does.
void add_start_time(container_metadata& metadata, const std::string& host_root);

/// Which containers that are known by their cgroup alone a command shows: services where they are
/// asked for, by `services` or by a scope that means one (-r systemd, -c nginx.service).
[[nodiscard]] cgroup_container_choice choice_of(const selector& scope, bool services);

/// Created and exited ones are shown only where all are.
[[nodiscard]] bool is_shown_by_default(container_state state);

/// The containers of a listing as rows, sorted by container id, without pods' sandboxes.
[[nodiscard]] std::vector<list_row> rows_of(const runtime_listing& listing);

/// Whether the row is in scope, whatever its state; `pid_ids` as below.
[[nodiscard]] bool is_in_scope(const list_row& row, const selector& scope,
                               const std::vector<std::string>& pid_ids);

/// The ids of the containers that the pids of the scope run in.
[[nodiscard]] std::vector<std::string> ids_of_pids(const selector& scope,
                                                   const std::string& host_root);

/// Those rows that are in scope; created and exited ones only when `all`.
[[nodiscard]] std::vector<list_row> rows_in_scope(const std::vector<list_row>& rows,
                                                  const selector& scope, bool all,
                                                  const std::vector<std::string>& pid_ids);

/// A line for each endpoint that is there and does not answer, and for each that was asked for by
/// name and is not there.
[[nodiscard]] std::vector<std::string> describe_silent(const std::vector<runtime_status>& endpoints,
                                                       const settings& config);

/// True when at least one runtime answered.
[[nodiscard]] bool any_answered(const std::vector<runtime_status>& endpoints);

} // namespace troupe
