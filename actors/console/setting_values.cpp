// SPDX-License-Identifier: Apache-2.0
#include "actors/console/setting_values.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <utility>

namespace troupe {

namespace {

constexpr std::array<std::pair<std::string_view, int64_t>, 4> duration_units{
    {{"h", 3'600'000}, {"m", 60'000}, {"s", 1'000}, {"ms", 1}}};

constexpr std::array<std::pair<std::string_view, uint64_t>, 3> byte_units{
    {{"GiB", 1ULL << 30U}, {"MiB", 1ULL << 20U}, {"KiB", 1ULL << 10U}}};

} // namespace

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) {
  double amount = 0;
  const auto* end = text.data() + text.size();
  const auto [rest, failure] = std::from_chars(text.data(), end, amount, std::chars_format::fixed);
  if (failure != std::errc{} || !(amount >= 0) || amount > 1e9)
    return std::nullopt;
  const std::string_view unit{rest, static_cast<size_t>(end - rest)};
  for (const auto& [name, ms] : duration_units)
    if (unit == name)
      return std::chrono::milliseconds{std::llround(amount * static_cast<double>(ms))};
  return std::nullopt;
}

std::string duration_setting(std::chrono::milliseconds x) {
  for (const auto& [name, ms] : duration_units)
    if (x.count() >= ms && x.count() % ms == 0)
      return fmt::format("{}{}", x.count() / ms, name);
  return "0s";
}

std::optional<uint64_t> parse_bytes(std::string_view text) {
  for (const auto& [name, factor] : byte_units)
    if (text.ends_with(name)) {
      const auto amount = parse_number(text.substr(0, text.size() - name.size()));
      if (!amount || *amount > UINT64_MAX / factor)
        return std::nullopt;
      return *amount * factor;
    }
  return parse_number(text);
}

std::string bytes_setting(uint64_t x) {
  for (const auto& [name, factor] : byte_units)
    if (x >= factor && x % factor == 0)
      return fmt::format("{}{}", x / factor, name);
  return std::to_string(x);
}

std::optional<uint64_t> parse_number(std::string_view text) {
  uint64_t number = 0;
  const auto* end = text.data() + text.size();
  const auto [rest, failure] = std::from_chars(text.data(), end, number);
  if (failure != std::errc{} || rest != end)
    return std::nullopt;
  return number;
}

std::optional<bool> parse_switch(std::string_view text) {
  constexpr std::array<std::string_view, 4> yes{"true", "yes", "on", "1"};
  constexpr std::array<std::string_view, 4> no{"false", "no", "off", "0"};
  if (std::find(yes.begin(), yes.end(), text) != yes.end())
    return true;
  if (std::find(no.begin(), no.end(), text) != no.end())
    return false;
  return std::nullopt;
}

std::vector<std::string> parse_list(std::string_view text) {
  std::vector<std::string> items;
  for (size_t begin = 0; begin < text.size();) {
    const auto end = std::min(text.find(',', begin), text.size());
    if (end > begin)
      items.emplace_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return items;
}

} // namespace troupe
