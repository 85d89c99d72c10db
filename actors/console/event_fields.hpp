// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/console/field.hpp"
#include "messages/trace_event.hpp"

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace troupe {

/// What `troupe trace` can trace.
enum class trace_kind : uint8_t {
  exec,
  exit,
  tcp,
  oom,
  l7,  ///< requests, in every protocol
  dns, ///< those of DNS, with what only they have
};

/// As on the command line and in the field `event`: "exec", "exit", "tcp", "oom", "l7", "dns".
[[nodiscard]] std::string_view to_string(trace_kind kind);

/// The bits of settings.trace that this kind needs.
[[nodiscard]] uint8_t mask_of(trace_kind kind);

/// An event with all that a field may show of it.
struct event_row {
  trace_kind kind;
  const trace_batch& batch;
  const trace_event& event;
  int64_t unix_time_ns;
  bool raw = false; ///< queries as they were said, with what is a secret perhaps
};

/// Whether the event is of this kind: a container makes one stream of all that is traced.
[[nodiscard]] bool is_of_kind(const trace_event& event, trace_kind kind);

/// Every field of this kind's events, in the order of the columns. The names and the meaning of
/// each are a promise to scripts: add fields, never change one.
[[nodiscard]] const std::vector<field<event_row>>& event_fields(trace_kind kind);

/// "connect", "accept", "connect_failed", "listen", "close".
[[nodiscard]] std::string_view to_string(tcp_action action);

} // namespace troupe
