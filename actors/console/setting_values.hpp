// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe {

// Texts of settings, as a person writes them. Nothing when the text is not of the kind.

/// "20ms", "1.5s", "5m", "1h". A unit is needed: 5 could be anything.
[[nodiscard]] std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);
[[nodiscard]] std::string duration_setting(std::chrono::milliseconds x);

/// "65536", "64KiB", "1MiB", "1GiB".
[[nodiscard]] std::optional<uint64_t> parse_bytes(std::string_view text);
[[nodiscard]] std::string bytes_setting(uint64_t x);

/// Decimal digits only.
[[nodiscard]] std::optional<uint64_t> parse_number(std::string_view text);

/// true, yes, on, 1 and their opposites.
[[nodiscard]] std::optional<bool> parse_switch(std::string_view text);

/// "a,b,,c" is a, b, c.
[[nodiscard]] std::vector<std::string> parse_list(std::string_view text);

} // namespace troupe
