// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/console/commands.hpp"

#include <optional>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace troupe {

/// The texts of all flags of one command, as they were given.
struct flag_texts {
  std::vector<std::string> containers;
  std::vector<std::string> name_spaces;
  std::vector<std::string> pods;
  std::vector<std::string> labels;
  std::vector<std::string> runtimes;
  std::vector<std::string> pids;
  std::string output;
  std::string fields;
  std::string timeout;
  bool no_headers = false;
  bool list_fields = false;
  bool all = false;
  bool watch = false;
  bool services = false;
  bool environment = false;
  std::vector<std::string> targets;
  std::string shell;
  bool allow_loss = false;
  std::vector<std::string> protocols;
  std::vector<std::string> statuses;
  std::string min_duration;
  bool raw = false;
  bool version = false;
  std::string config;
  std::string cgroup;
  std::string source;
  std::vector<std::string> events;
  std::string file;
  std::string max_size;
  std::string keep;
  bool no_metadata = false;
  std::string speed = "max";
  std::string duration;
  setting_texts settings;
};

// The same flags look and work the same on every command that has them.
void add_scope_flags(CLI::App& command, flag_texts& into);
void add_format_flag(CLI::App& command, flag_texts& into);
void add_output_flags(CLI::App& command, flag_texts& into);
void add_timeout_flag(CLI::App& command, flag_texts& into);
void add_protocol_flag(CLI::App& command, flag_texts& into);
void add_loss_flag(CLI::App& command, flag_texts& into);
void add_setting_flags(CLI::App& command, flag_texts& into, uint8_t scope);

// Their meaning; nothing, and one line in `error`, when a text cannot be used.
[[nodiscard]] std::optional<selector> read_scope(const flag_texts& texts, std::string& error);
[[nodiscard]] std::optional<output_format> read_format(const flag_texts& texts, std::string& error);
[[nodiscard]] std::optional<output_options>
read_output(const flag_texts& texts, const std::vector<field_info>& fields, std::string& error);
/// Sets `timeout` when there is one; false when it is no time.
[[nodiscard]] bool read_timeout(const flag_texts& texts,
                                std::optional<std::chrono::milliseconds>& timeout,
                                std::string& error);

/// Sets path, size and number of files, and whether metadata is recorded; false when one is wrong.
[[nodiscard]] bool read_recording(const flag_texts& texts, record_request& request,
                                  std::string& error);
/// Sets `speed`; false when it is neither "max" nor a number.
[[nodiscard]] bool read_speed(const flag_texts& texts, double& speed, std::string& error);

} // namespace troupe
