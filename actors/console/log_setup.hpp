// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/console/settings_schema.hpp"

#include <string_view>

namespace troupe {

/// Sends the program's log to stderr: at the level that was asked for, else `default_level`. As
/// lines, or as JSON lines with time, level, component, event and text.
void set_up_log(const configuration& config, std::string_view default_level);

/// A log message as a JSON line, without a newline: "component event-id text" becomes three fields.
[[nodiscard]] std::string json_log_line(int64_t unix_ns, std::string_view level,
                                        std::string_view message);

} // namespace troupe
