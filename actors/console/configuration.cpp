// SPDX-License-Identifier: Apache-2.0
#include "actors/console/configuration_file.hpp"
#include "actors/console/escape.hpp"
#include "actors/console/settings_schema.hpp"

#include <fmt/format.h>

namespace troupe {

namespace {

std::string complaint(std::string_view where, std::string_view text, std::string_view error) {
  return fmt::format("{} '{}': {}", where, escape_for_terminal(text), error);
}

/// What no single value can tell.
std::string check_together(const settings& x) {
  if (x.wakeup_bytes > x.ring_bytes / 2)
    return fmt::format(
        "wakeup_bytes ({}) must be at most half of ring_bytes ({}); lower the one or "
        "raise the other",
        x.wakeup_bytes, x.ring_bytes);
  return {};
}

std::string apply_all(configuration& result, const setting_texts& flags,
                      const environment_lookup& environment, const std::string& file) {
  if (!file.empty())
    if (auto error = read_configuration_file(file, result); !error.empty())
      return error;
  for (const auto& x : settings_schema()) {
    const auto name = x.environment();
    if (const char* text = environment(name.c_str()))
      if (const auto error = x.set(result, text); !error.empty())
        return complaint(name, text, error);
  }
  for (const auto& x : settings_schema())
    if (const auto i = flags.find(x.key); i != flags.end())
      if (const auto error = x.set(result, i->second); !error.empty())
        return complaint(x.flag(), i->second, error);
  return check_together(result.agent);
}

} // namespace

std::optional<configuration> load_configuration(const setting_texts& flags,
                                                const environment_lookup& environment,
                                                const std::string& file, std::string& error) {
  configuration result;
  error = apply_all(result, flags, environment, file);
  return error.empty() ? std::optional{std::move(result)} : std::nullopt;
}

} // namespace troupe
