// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "messages/settings.hpp"

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe {

/// All that can be set by flag, environment and file.
struct configuration {
  settings agent;
  std::string log_level; ///< empty: the command's own default
  std::string log_format = "text";
};

/// Which commands show a setting as a flag; a bit set. Environment and file hold for all.
enum setting_scope : uint8_t {
  scope_runtimes = 1, ///< whoever asks container runtimes
  scope_kernel = 2,   ///< whoever loads BPF programs
  scope_endpoint = 4, ///< whoever serves metrics
  scope_actors = 8,   ///< whoever runs the actors, without a kernel too: a replay
  scope_agent = 16,   ///< the agent alone
  scope_all = 31,
};

/// One setting. The table of these is the only place that knows names, bounds and meanings: the
/// flags, the environment, the file, the help and the documentation are made from it.
struct setting {
  std::string_view key;     ///< in the file: "drain_interval"
  std::string_view group;   ///< heading in --help and in the documentation
  std::string_view value;   ///< placeholder: "DURATION"; empty for a switch
  std::string_view meaning; ///< one sentence
  uint8_t scope = scope_all;
  bool list = false; ///< may be given several times, or with commas
  /// Takes the text over; answers what is wrong with it, or nothing.
  std::function<std::string(configuration&, std::string_view)> set;
  /// The value as it would be written in the file.
  std::function<std::string(const configuration&)> get;

  [[nodiscard]] std::string flag() const; ///< "--drain-interval"; of a list without its last s
  [[nodiscard]] std::string environment() const; ///< "TROUPE_DRAIN_INTERVAL"
};

[[nodiscard]] const std::vector<setting>& settings_schema();

/// Values by key, as the command line gave them.
using setting_texts = std::map<std::string, std::string, std::less<>>;

/// Looks up a variable of the environment; nullptr when it is not set. ::getenv outside of tests.
using environment_lookup = std::function<const char*(const char*)>;

/// Defaults, then the file (if any), then the environment, then the flags. Nothing, and one line in
/// `error` that names the thing and the next step, when a value cannot be used.
[[nodiscard]] std::optional<configuration> load_configuration(const setting_texts& flags,
                                                              const environment_lookup& environment,
                                                              const std::string& file,
                                                              std::string& error);

/// The documentation: a table of every setting with flag, variable, key, default and meaning.
[[nodiscard]] std::string settings_markdown();

} // namespace troupe
