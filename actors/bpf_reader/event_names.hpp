// SPDX-License-Identifier: Apache-2.0
#pragma once

// Shared with: exporter

#include "bpf/event.h"

#include <array>
#include <cstdint>
#include <string_view>

namespace troupe {

inline constexpr std::array<std::string_view, EVENT_KIND_COUNT> event_kind_names{
    "none",
    "process_forked",
    "process_executed",
    "process_exited",
    "process_moved",
    "process_found",
    "cgroup_created",
    "cgroup_removed",
    "tcp_listen_opened",
    "tcp_listen_closed",
    "tcp_opened",
    "tcp_connect_failed",
    "tcp_closed",
    "tcp_progress",
    "l7_chunk",
    "l7_turns",
    "l7_datagram"};

inline constexpr std::array<std::string_view, LOSS_REASON_COUNT> loss_reason_names{
    "ring_full", "ring_share", "map_full", "owner_unknown", "undecided"};

constexpr bool is_lifecycle(uint16_t kind) {
  return kind <= EVENT_LAST_LIFECYCLE_KIND;
}

} // namespace troupe
