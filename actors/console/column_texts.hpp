// SPDX-License-Identifier: Apache-2.0
#pragma once

// What columns show where a value is too long or says nothing to an eye.

#include <string>

namespace troupe {

/// 64 hexadecimal digits say no more to an eye than 12 do; "-" for none.
[[nodiscard]] std::string short_id(const std::string& id);

/// "KILL", "TERM"; "-" for 0.
[[nodiscard]] std::string signal_name(int signal);

} // namespace troupe
