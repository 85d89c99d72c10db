// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/console/field.hpp"
#include "messages/container_metadata.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe {

/// Who told of an event.
enum class life_source : uint8_t { kernel, runtime };

/// "kernel", "runtime".
[[nodiscard]] std::string_view to_string(life_source source);

/// One event of a container's life, as `troupe events` shows it.
struct life_row {
  life_source source = life_source::kernel;
  std::string event;    ///< one of life_event_names()
  int64_t time_ns = 0;  ///< Unix time at which it happened, as its source says
  int64_t known_ns = 0; ///< Unix time from which it could be known: of the runtime, when it told
  uint32_t pid = 0;     ///< 0: of no process, or not told
  std::string comm;     ///< empty: not told
  std::vector<std::string> argv; ///< empty: not told
  std::string command;           ///< argv as one text, or the text that a runtime gave
  std::optional<int> exit_code;  ///< as a shell has it
  std::optional<int> signal;
  std::optional<bool> oom;
  std::optional<uint64_t> duration_ns;
  std::optional<int64_t> delay_ns;
  container_identity identity;
  container_metadata metadata; ///< as far as it is known; runtime and id always are
};

/// What may stand in the field `event`, of both sources.
[[nodiscard]] const std::vector<std::string>& life_event_names();

/// Every field of these events. The names and meanings are a promise to scripts.
[[nodiscard]] const std::vector<field<life_row>>& life_fields();

} // namespace troupe
