// SPDX-License-Identifier: Apache-2.0
#include "actors/console/time_format.hpp"

#include <fmt/format.h>

#include <array>
#include <ctime>
#include <string_view>

namespace troupe {

namespace {

constexpr int64_t second_ns = 1'000'000'000;

struct split_time {
  time_t seconds;
  int64_t rest_ns;
};

split_time split(int64_t ns) {
  auto seconds = ns / second_ns;
  auto rest = ns % second_ns;
  if (rest < 0) { // Before 1970: a runtime's "never" may come as the year 1.
    --seconds;
    rest += second_ns;
  }
  return {static_cast<time_t>(seconds), rest};
}

int64_t read_clock(clockid_t clock) {
  timespec now{};
  ::clock_gettime(clock, &now);
  return now.tv_sec * second_ns + now.tv_nsec;
}

std::string two_units(uint64_t amount, uint64_t per_major, char major, char minor) {
  return fmt::format("{}{}{}{}", amount / per_major, major, amount % per_major, minor);
}

/// Three digits at least: "4.25us", "42.5us", "425us". Cut rather than rounded: 999999 ns are no
/// full millisecond.
std::string three_digits(uint64_t ns, uint64_t unit_ns, std::string_view unit) {
  const auto whole = ns / unit_ns;
  const int decimals = whole >= 100 ? 0 : whole >= 10 ? 1 : 2;
  uint64_t fraction = ns % unit_ns * 100 / unit_ns;
  if (decimals == 1)
    fraction /= 10;
  if (decimals == 0 || fraction == 0)
    return fmt::format("{}{}", whole, unit);
  return fmt::format("{}.{:0{}}{}", whole, fraction, decimals, unit);
}

} // namespace

std::string rfc3339(int64_t unix_ns) {
  const auto time = split(unix_ns);
  std::tm parts{};
  ::gmtime_r(&time.seconds, &parts);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:09}Z", parts.tm_year + 1900,
                     parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec,
                     time.rest_ns);
}

std::string local_time_of_day(int64_t unix_ns) {
  const auto time = split(unix_ns);
  std::tm parts{};
  ::localtime_r(&time.seconds, &parts);
  return fmt::format("{:02}:{:02}:{:02}.{:03}", parts.tm_hour, parts.tm_min, parts.tm_sec,
                     time.rest_ns / 1'000'000);
}

std::string duration_text(uint64_t ns) {
  if (ns < 1'000)
    return fmt::format("{}ns", ns);
  if (ns < 1'000'000)
    return three_digits(ns, 1'000, "us");
  if (ns < 1'000'000'000)
    return three_digits(ns, 1'000'000, "ms");
  const auto seconds = ns / 1'000'000'000;
  if (seconds < 60)
    return three_digits(ns, 1'000'000'000, "s");
  if (seconds < 3600)
    return two_units(seconds, 60, 'm', 's');
  if (seconds < 86400)
    return two_units(seconds / 60, 60, 'h', 'm');
  return two_units(seconds / 3600, 24, 'd', 'h');
}

std::string bytes_text(uint64_t bytes) {
  if (bytes < 1024)
    return fmt::format("{}B", bytes);
  constexpr std::array<std::string_view, 6> units{"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  auto amount = static_cast<double>(bytes) / 1024;
  size_t unit = 0;
  for (; amount >= 1024 && unit + 1 < units.size(); ++unit)
    amount /= 1024;
  return fmt::format("{:.1f}{}", amount, units[unit]);
}

int64_t unix_minus_boottime_ns() {
  return read_clock(CLOCK_REALTIME) - read_clock(CLOCK_BOOTTIME);
}

int64_t unix_now_ns() {
  return read_clock(CLOCK_REALTIME);
}

} // namespace troupe
