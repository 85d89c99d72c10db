// SPDX-License-Identifier: Apache-2.0
#include "actors/console/command_line.hpp"

#include "actors/console/command_groups.hpp"
#include "actors/console/escape.hpp"
#include "actors/console/help_format.hpp"
#include "actors/console/help_texts.hpp"
#include "actors/console/nearest.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace troupe {

namespace {

void define(command_line& line) {
  line.app.footer(std::string{help::program_examples});
  line.app.allow_extras();
  line.app.require_subcommand(0, 1);
  line.app.set_help_flag("-h,--help", "say how to use it and exit");
  line.app.add_flag("--version", line.texts.version, "as the command version");
  define_container_commands(line);
  define_events_command(line);
  define_trace_commands(line);
  define_map_command(line);
  define_recording_commands(line);
  define_agent_commands(line);
}

std::vector<std::string> command_names(const CLI::App& parent) {
  std::vector<std::string> names;
  for (const auto* command : parent.get_subcommands([](const CLI::App*) { return true; }))
    names.push_back(command->get_name());
  return names;
}

std::vector<std::string> flag_names(const CLI::App& command) {
  std::vector<std::string> names{"--help"};
  for (const auto* option : command.get_options())
    for (const auto& name : option->get_lnames())
      names.push_back("--" + name);
  return names;
}

/// What is left over after parsing: a misspelt flag or command.
std::string describe_extra(const CLI::App& command, const std::string& extra) {
  const auto shown = escape_for_terminal(extra);
  if (extra.starts_with('-')) {
    const auto name = extra.substr(0, extra.find('='));
    return fmt::format("unknown flag '{}'{}", shown, did_you_mean(name, flag_names(command)));
  }
  const auto names = command_names(command);
  if (names.empty())
    return fmt::format("'{}' is not expected here: this command takes flags only", shown);
  return fmt::format("unknown command '{}'{}", shown, did_you_mean(extra, names));
}

/// The command that was named, the innermost.
const CLI::App* innermost(const CLI::App* command) {
  for (auto inner = command->get_subcommands(); !inner.empty(); inner = command->get_subcommands())
    command = inner.front();
  return command;
}

/// Flags whose value may begin with "-" are joined with it: CLI11 would take "-b,+a" for a flag.
std::vector<std::string> join_values(const std::vector<std::string>& arguments) {
  std::vector<std::string> joined;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const bool takes_sign = arguments[i] == "--fields" && i + 1 < arguments.size();
    joined.push_back(takes_sign ? arguments[i] + "=" + arguments[i + 1] : arguments[i]);
    i += takes_sign ? 1 : 0;
  }
  return joined;
}

int dispatch(const command_line& line, const CLI::App* command) {
  if (const auto run = line.runs.find(command); run != line.runs.end())
    return run->second();
  const auto missing = line.missing.find(command);
  return usage(line, command, missing == line.missing.end() ? "say what to do" : missing->second);
}

} // namespace

CLI::App* add_command(CLI::App& parent, const std::string& name, std::string_view summary,
                      std::string_view examples) {
  auto* command = parent.add_subcommand(name, std::string{summary});
  command->allow_extras(); // Reported by us, with what was probably meant.
  command->footer(std::string{examples});
  return command;
}

std::string path_of(const CLI::App* command) {
  std::string path = command->get_name();
  for (const auto* up = command->get_parent(); up != nullptr; up = up->get_parent())
    path = up->get_name() + " " + path;
  return path;
}

int usage(const command_line& line, const CLI::App* command, std::string_view error) {
  say(line.streams.err, fmt::format("{0}: {1}\nSee '{0} --help'.", path_of(command), error));
  return exit_usage;
}

void run_with_configuration(command_line& line, CLI::App* command,
                            std::function<int(configuration)> run) {
  line.runs[command] = [&line, command, run = std::move(run)] {
    const auto* named = line.environment("TROUPE_CONFIG");
    const auto file = line.texts.config.empty() && named != nullptr ? named : line.texts.config;
    std::string error;
    auto config = load_configuration(line.texts.settings, line.environment, file, error);
    return config ? run(std::move(*config)) : usage(line, command, error);
  };
}

int list_fields_of(const command_line& line, const std::vector<field_info>& fields) {
  static_cast<void>(write_all(line.streams.out, describe_fields(fields)));
  return exit_done;
}

int run_command_line(const std::vector<std::string>& arguments, const output_streams& streams,
                     const environment_lookup& environment, const command_set& commands) {
  command_line line{streams, environment, commands};
  define(line);
  auto reversed = join_values(arguments); // CLI11 takes its vector from the back.
  std::reverse(reversed.begin(), reversed.end());
  try {
    line.app.parse(std::move(reversed));
  } catch (const CLI::CallForHelp&) {
    const auto* command = innermost(&line.app);
    static_cast<void>(write_all(streams.out, format_help(*command, path_of(command))));
    return exit_done;
  } catch (const CLI::ArgumentMismatch& error) { // "--container: 1 required NAME missing"
    const std::string what = error.what();
    return usage(line, innermost(&line.app), what.substr(0, what.find(':')) + " needs a value");
  } catch (const CLI::ParseError& error) { // CLI11 throws; nothing of ours does.
    return usage(line, innermost(&line.app), error.what());
  }
  const auto* command = innermost(&line.app);
  for (const auto* at = command; at != nullptr; at = at->get_parent())
    if (const auto extras = at->remaining(); !extras.empty())
      return usage(line, at, describe_extra(*at, extras.front()));
  if (command == &line.app && line.texts.version)
    return commands.version({output_format::columns}, streams);
  if (command == &line.app) {
    say(streams.err, format_help(line.app, path_of(&line.app)));
    return exit_usage;
  }
  return dispatch(line, command);
}

} // namespace troupe
