// SPDX-License-Identifier: Apache-2.0
#include "actors/console/command_line.hpp"

#include "actors/console/command_flags.hpp"
#include "actors/console/escape.hpp"
#include "actors/console/field_selection.hpp"
#include "actors/console/help_format.hpp"
#include "actors/console/help_texts.hpp"
#include "actors/console/list_fields.hpp"
#include "actors/console/nearest.hpp"
#include "actors/console/top_flags.hpp"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

namespace troupe {

namespace {

constexpr std::array trace_kinds{trace_kind::exec, trace_kind::exit, trace_kind::tcp,
                                 trace_kind::oom};

/// One run of the command line: the parser, and what it found.
struct command_line {
  const output_streams& streams;
  const environment_lookup& environment;
  const command_set& commands;
  CLI::App app{std::string{help::program}, "troupe"};
  flag_texts texts{};
  top_texts top_flags{};
  std::map<trace_kind, CLI::App*> traces{};
  CLI::App* agent = nullptr;
  CLI::App* list = nullptr;
  CLI::App* trace = nullptr;
  CLI::App* record = nullptr;
  CLI::App* replay = nullptr;
  CLI::App* top = nullptr;
  CLI::App* top_actors = nullptr;
  CLI::App* doctor = nullptr;
  CLI::App* version = nullptr;
};

CLI::App* add_command(CLI::App& parent, const std::string& name, std::string_view summary,
                      std::string_view examples) {
  auto* command = parent.add_subcommand(name, std::string{summary});
  command->allow_extras(); // Reported by us, with what was probably meant.
  command->footer(std::string{examples});
  return command;
}

void define_trace(command_line& line) {
  line.trace = add_command(line.app, "trace", help::trace, help::trace_examples);
  line.trace->require_subcommand(0, 1);
  for (const auto kind : trace_kinds) {
    auto* command = add_command(*line.trace, std::string{to_string(kind)},
                                help::trace_summary(kind), help::trace_kind_examples(kind));
    line.traces[kind] = command;
    add_scope_flags(*command, line.texts);
    add_output_flags(*command, line.texts);
    add_loss_flag(*command, line.texts);
    if (kind == trace_kind::exit)
      command->add_flag("-a,--all", line.texts.all, "the runtime's own helper processes too")
          ->group("Which containers");
    add_setting_flags(*command, line.texts, scope_runtimes | scope_kernel);
  }
}

void define_record(command_line& line) {
  line.record = add_command(line.app, "record", help::record, help::record_examples);
  constexpr auto group = "Output";
  line.record->add_option("-o,--output", line.texts.file, "where to; - is stdout")
      ->type_name("FILE")
      ->take_last()
      ->group(group);
  line.record->add_option("--max-size", line.texts.max_size, "begin a new file beyond this size")
      ->type_name("BYTES")
      ->take_last()
      ->group(group);
  line.record->add_option("--keep", line.texts.keep, "so many of the files before it (default: 3)")
      ->type_name("NUMBER")
      ->take_last()
      ->group(group);
  line.record
      ->add_flag("--no-metadata,!--metadata", line.texts.no_metadata,
                 "leave out what the runtimes say: names, images, labels")
      ->group(group);
  add_timeout_flag(*line.record, line.texts);
  add_loss_flag(*line.record, line.texts);
  add_setting_flags(*line.record, line.texts, scope_all);
}

void define_replay(command_line& line) {
  line.replay = add_command(line.app, "replay", help::replay, help::replay_examples);
  line.replay->add_option("FILE", line.texts.file, "a recording; - is stdin")->type_name("");
  line.replay
      ->add_option("--speed", line.texts.speed,
                   "1 is the recorded pace, 10 ten times that (default: max)")
      ->type_name("NUMBER|max")
      ->take_last()
      ->group("Output");
  add_format_flag(*line.replay, line.texts);
  line.replay->add_flag("--no-headers", line.texts.no_headers, "no line of column names")
      ->group("Output");
  add_timeout_flag(*line.replay, line.texts);
  add_loss_flag(*line.replay, line.texts);
  add_setting_flags(*line.replay, line.texts, scope_actors | scope_endpoint);
}

void define_top(command_line& line) {
  line.top = add_command(line.app, "top", help::top, help::top_examples);
  line.top->require_subcommand(0, 1);
  line.top_actors = add_command(*line.top, "actors", help::top_actors, help::top_actors_examples);
  add_top_flags(*line.top_actors, line.texts, line.top_flags);
}

void define(command_line& line) {
  line.app.footer(std::string{help::program_examples});
  line.app.allow_extras();
  line.app.require_subcommand(0, 1);
  line.app.set_help_flag("-h,--help", "say how to use it and exit");
  line.app.add_flag("--version", line.texts.version, "as the command version");

  line.agent = add_command(line.app, "agent", help::agent, help::agent_examples);
  add_setting_flags(*line.agent, line.texts, scope_all);

  line.list = add_command(line.app, "list", help::list, help::list_examples);
  add_scope_flags(*line.list, line.texts);
  line.list->add_flag("-a,--all", line.texts.all, "created and exited ones too")
      ->group("Which containers");
  line.list->add_flag("-w,--watch", line.texts.watch, "then print every change, until Ctrl-C")
      ->group("Output");
  add_output_flags(*line.list, line.texts);
  add_setting_flags(*line.list, line.texts, scope_runtimes);

  define_trace(line);
  define_record(line);
  define_replay(line);

  define_top(line);

  line.doctor = add_command(line.app, "doctor", help::doctor, help::doctor_examples);
  line.doctor->add_option("--cgroup", line.texts.cgroup, "only say what this cgroup path means")
      ->type_name("PATH");
  add_format_flag(*line.doctor, line.texts);
  line.doctor->add_flag("--no-headers", line.texts.no_headers, "no line of column names")
      ->group("Output");
  add_setting_flags(*line.doctor, line.texts, scope_runtimes | scope_kernel);

  line.version = add_command(line.app, "version", help::version, help::version_examples);
  add_format_flag(*line.version, line.texts);
}

/// "troupe trace exec": how the user called it.
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

int run_agent(command_line& line, configuration config) {
  return line.commands.agent({std::move(config)}, line.streams);
}

int run_trace(command_line& line, trace_kind kind, configuration config) {
  const auto* command = line.traces.at(kind);
  const auto infos = infos_of(event_fields(kind));
  if (line.texts.list_fields) {
    static_cast<void>(write_all(line.streams.out, describe_fields(infos)));
    return exit_done;
  }
  std::string error;
  trace_request request;
  auto scope = read_scope(line.texts, error);
  if (!scope)
    return usage(line, command, error);
  auto output = read_output(line.texts, infos, error);
  if (!output || !read_timeout(line.texts, request.timeout, error))
    return usage(line, command, error);
  request.config = std::move(config);
  request.kind = kind;
  request.scope = std::move(*scope);
  request.output = std::move(*output);
  request.setup = line.texts.all;
  request.allow_loss = line.texts.allow_loss;
  return line.commands.trace(request, line.streams);
}

int run_list(command_line& line, configuration config) {
  const auto infos = line.texts.watch ? infos_of(change_fields()) : infos_of(list_fields());
  if (line.texts.list_fields) {
    static_cast<void>(write_all(line.streams.out, describe_fields(infos)));
    return exit_done;
  }
  std::string error;
  list_request request;
  auto scope = read_scope(line.texts, error);
  if (!scope)
    return usage(line, line.list, error);
  auto output = read_output(line.texts, infos, error);
  if (!output || !read_timeout(line.texts, request.timeout, error))
    return usage(line, line.list, error);
  request.config = std::move(config);
  request.scope = std::move(*scope);
  request.output = std::move(*output);
  request.watch = line.texts.watch;
  request.all = line.texts.all;
  return line.commands.list(request, line.streams);
}

/// The endpoint is what the agent is for; other commands have one only where a flag asks for it.
configuration with_endpoint_if_asked(const command_line& line, configuration config) {
  if (!line.texts.settings.contains("listen"))
    config.agent.listen.clear();
  return config;
}

int run_record(command_line& line, configuration config) {
  std::string error;
  record_request request;
  if (!read_recording(line.texts, request, error)
      || !read_timeout(line.texts, request.timeout, error))
    return usage(line, line.record, error);
  request.config = with_endpoint_if_asked(line, std::move(config));
  request.allow_loss = line.texts.allow_loss;
  return line.commands.record(request, line.streams);
}

int run_replay(command_line& line, configuration config) {
  std::string error;
  replay_request request;
  const auto format = read_format(line.texts, error);
  if (!format || !read_speed(line.texts, request.speed, error)
      || !read_timeout(line.texts, request.timeout, error))
    return usage(line, line.replay, error);
  if (line.texts.file.empty())
    return usage(line, line.replay, "say which recording: FILE, or - for stdin");
  request.config = with_endpoint_if_asked(line, std::move(config));
  request.path = line.texts.file;
  request.format = *format;
  request.headers = !line.texts.no_headers;
  request.allow_loss = line.texts.allow_loss;
  return line.commands.replay(request, line.streams);
}

int run_doctor(command_line& line, configuration config) {
  std::string error;
  const auto format = read_format(line.texts, error);
  if (!format)
    return usage(line, line.doctor, error);
  doctor_request request{std::move(config), *format, !line.texts.no_headers, std::nullopt};
  if (line.doctor->count("--cgroup") > 0)
    request.cgroup_path = line.texts.cgroup;
  return line.commands.doctor(request, line.streams);
}

int run_top_actors(command_line& line) {
  if (line.texts.list_fields) {
    static_cast<void>(write_all(line.streams.out, describe_fields(infos_of(top_actor_fields()))));
    return exit_done;
  }
  std::string error;
  const auto request = read_top_actors(line.texts, line.top_flags, error);
  return request ? line.commands.top_actors(*request, line.streams)
                 : usage(line, line.top_actors, error);
}

int run_version(command_line& line) {
  std::string error;
  const auto format = read_format(line.texts, error);
  return format ? line.commands.version({*format}, line.streams) : usage(line, line.version, error);
}

int dispatch(command_line& line, const CLI::App* command) {
  if (command == line.version)
    return run_version(line);
  if (command == line.top_actors)
    return run_top_actors(line);
  if (command == line.top)
    return usage(line, command, "say what to show: actors");
  const auto* named = line.environment("TROUPE_CONFIG");
  const auto file = line.texts.config.empty() && named != nullptr ? named : line.texts.config;
  std::string error;
  auto config = load_configuration(line.texts.settings, line.environment, file, error);
  if (!config)
    return usage(line, command, error);
  if (command == line.agent)
    return run_agent(line, std::move(*config));
  if (command == line.list)
    return run_list(line, std::move(*config));
  if (command == line.record)
    return run_record(line, std::move(*config));
  if (command == line.replay)
    return run_replay(line, std::move(*config));
  if (command == line.doctor)
    return run_doctor(line, std::move(*config));
  for (const auto& [kind, trace] : line.traces)
    if (command == trace)
      return run_trace(line, kind, std::move(*config));
  return usage(line, command, "say what to trace: exec, exit, tcp or oom");
}

} // namespace

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
    return run_version(line);
  if (command == &line.app) {
    say(streams.err, format_help(line.app, path_of(&line.app)));
    return exit_usage;
  }
  return dispatch(line, command);
}

} // namespace troupe
