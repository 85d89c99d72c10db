// SPDX-License-Identifier: Apache-2.0
#pragma once

// The commands of the command line, a file a group. A new command is a `define` in its group's
// file: it adds flags, and says in `runs` what to do once they are parsed.

#include "actors/console/command_flags.hpp"
#include "actors/console/help_texts.hpp"
#include "actors/console/top_flags.hpp"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace troupe {

/// One run of the command line: the parser, and what it found.
struct command_line {
  const output_streams& streams;
  const environment_lookup& environment;
  const command_set& commands;
  CLI::App app{std::string{help::program}, "troupe"};
  flag_texts texts{};
  top_texts top_flags{};
  /// What a command does; answers an exit_code. One without an entry has only commands below it.
  std::map<const CLI::App*, std::function<int()>> runs{};
  /// What is said when a command with an entry here is called without one of those below it.
  std::map<const CLI::App*, std::string_view> missing{};
};

void define_container_commands(command_line& line); ///< container_commands.cpp: list, ps, inspect
void define_trace_commands(command_line& line);     ///< trace_commands.cpp
void define_events_command(command_line& line);     ///< events_commands.cpp
/// look_commands.cpp: map, top l7
void define_map_command(command_line& line);
void define_top_l7_command(command_line& line, CLI::App& top);
void define_recording_commands(command_line& line); ///< recording_commands.cpp: record, replay
void define_agent_commands(command_line& line);     ///< agent_commands.cpp: agent, top, doctor, ...

/// A command below `parent`.
CLI::App* add_command(CLI::App& parent, const std::string& name, std::string_view summary,
                      std::string_view examples);

/// Says what is wrong with the arguments of `command`, and where to read on.
int usage(const command_line& line, const CLI::App* command, std::string_view error);

/// "troupe trace exec": how the user called it.
[[nodiscard]] std::string path_of(const CLI::App* command);

/// Has `command` run with the settings from flags, environment and file.
void run_with_configuration(command_line& line, CLI::App* command,
                            std::function<int(configuration)> run);

/// Writes which fields there are, for --list.
int list_fields_of(const command_line& line, const std::vector<field_info>& fields);

} // namespace troupe
