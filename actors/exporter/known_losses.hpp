// SPDX-License-Identifier: Apache-2.0
#pragma once

// The causes of troupe_events_lost_total that there can be. They are exported from the start: a
// rate() over a series that appears with its first loss misses that loss.

#include "actors/bpf_reader/event_names.hpp"
#include "bpf/event.h"

#include <cstdint>
#include <string_view>

namespace troupe {

/// Where a record that a container could not decode is counted: its kind is as doubtful as the
/// rest.
inline constexpr std::string_view undecoded_stage = "container";
inline constexpr std::string_view undecoded_reason = "invalid_record";
inline constexpr std::string_view undecoded_kind = "record";

/// Calls f(stage, reason, kind) for each. Misses by recursion go by program, and which programs run
/// is known to the reader alone.
template <class F>
void for_each_known_loss(F f) {
  for (uint16_t kind = EVENT_NONE + 1; kind < EVENT_KIND_COUNT; ++kind) {
    const auto name = event_kind_names[kind];
    const bool from_iterator = kind == EVENT_PROCESS_FOUND || kind == EVENT_TCP_PROGRESS;
    if (!from_iterator)
      f("kernel", loss_reason_names[LOSS_RING_FULL], name);
    if (is_lifecycle(kind))
      continue; // Has the whole ring, and is never dropped in user space.
    if (!from_iterator) {
      f("kernel", loss_reason_names[LOSS_RING_SHARE], name);
      f("kernel", loss_reason_names[LOSS_MAP_FULL], name);
      f("kernel", loss_reason_names[LOSS_OWNER_UNKNOWN], name);
    }
    if (kind == EVENT_L7_CHUNK)
      f("kernel", loss_reason_names[LOSS_UNDECIDED], name);
    f("reader", "no_credit", name);
    f("reader", "no_route", name);
  }
  f(undecoded_stage, undecoded_reason, undecoded_kind);
}

} // namespace troupe
