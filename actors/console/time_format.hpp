// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

namespace troupe {

/// "2024-05-01T12:00:00.000000001Z": RFC 3339 with nanoseconds, UTC. Of a Unix time in ns.
[[nodiscard]] std::string rfc3339(int64_t unix_ns);

/// "14:00:00.001": the time of day where the reader sits.
[[nodiscard]] std::string local_time_of_day(int64_t unix_ns);

/// "831ns", "4.2us", "17ms", "1.25s", "3m20s", "5h12m", "3d4h": for columns.
[[nodiscard]] std::string duration_text(uint64_t ns);

/// "1.2KiB": for columns.
[[nodiscard]] std::string bytes_text(uint64_t bytes);

/// Add it to a CLOCK_BOOTTIME to get a Unix time. Changes when somebody sets the clock.
[[nodiscard]] int64_t unix_minus_boottime_ns();

/// Unix time, ns.
[[nodiscard]] int64_t unix_now_ns();

} // namespace troupe
