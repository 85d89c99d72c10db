// SPDX-License-Identifier: Apache-2.0
#include "actors/console/command_groups.hpp"
#include "actors/console/completion_script.hpp"
#include "actors/console/escape.hpp"
#include "actors/console/help_texts.hpp"

#include <utility>

namespace troupe {

namespace {

int run_doctor(command_line& line, const CLI::App* command, configuration config) {
  std::string error;
  const auto format = read_format(line.texts, error);
  if (!format)
    return usage(line, command, error);
  doctor_request request{std::move(config), *format, !line.texts.no_headers, std::nullopt};
  if (command->count("--cgroup") > 0)
    request.cgroup_path = line.texts.cgroup;
  return line.commands.doctor(request, line.streams);
}

int run_top_actors(command_line& line, const CLI::App* command) {
  if (line.texts.list_fields)
    return list_fields_of(line, infos_of(top_actor_fields()));
  std::string error;
  const auto request = read_top_actors(line.texts, line.top_flags, error);
  return request ? line.commands.top_actors(*request, line.streams) : usage(line, command, error);
}

int run_version(command_line& line, const CLI::App* command) {
  std::string error;
  const auto format = read_format(line.texts, error);
  return format ? line.commands.version({*format}, line.streams) : usage(line, command, error);
}

int run_completion(command_line& line, const CLI::App* command) {
  if (const auto script = completion_script(line.app, line.texts.shell)) {
    static_cast<void>(write_all(line.streams.out, *script));
    return exit_done;
  }
  if (line.texts.shell.empty())
    return usage(line, command, "say for which shell: bash, zsh or fish");
  return usage(line, command,
               "no completion for '" + escape_for_terminal(line.texts.shell)
                   + "'; write bash, zsh or fish");
}

void define_agent(command_line& line) {
  auto* agent = add_command(line.app, "agent", help::agent, help::agent_examples);
  add_setting_flags(*agent, line.texts, scope_all);
  run_with_configuration(line, agent, [&line](configuration config) {
    return line.commands.agent({std::move(config)}, line.streams);
  });
}

void define_top(command_line& line) {
  auto* top = add_command(line.app, "top", help::top, help::top_examples);
  top->require_subcommand(0, 1);
  line.missing[top] = "say what to show: l7 or actors";
  define_top_l7_command(line, *top);
  auto* actors = add_command(*top, "actors", help::top_actors, help::top_actors_examples);
  add_top_flags(*actors, line.texts, line.top_flags);
  line.runs[actors] = [&line, actors] {
    return run_top_actors(line, actors);
  };
}

void define_doctor(command_line& line) {
  auto* doctor = add_command(line.app, "doctor", help::doctor, help::doctor_examples);
  doctor->add_option("--cgroup", line.texts.cgroup, "only say what this cgroup path means")
      ->type_name("PATH");
  add_format_flag(*doctor, line.texts);
  doctor->add_flag("--no-headers", line.texts.no_headers, "no line of column names")
      ->group("Output");
  add_setting_flags(*doctor, line.texts, scope_runtimes | scope_kernel);
  run_with_configuration(line, doctor, [&line, doctor](configuration config) {
    return run_doctor(line, doctor, std::move(config));
  });
}

void define_version(command_line& line) {
  auto* version = add_command(line.app, "version", help::version, help::version_examples);
  add_format_flag(*version, line.texts);
  line.runs[version] = [&line, version] {
    return run_version(line, version);
  };
}

void define_completion(command_line& line) {
  auto* completion =
      add_command(line.app, "completion", help::completion, help::completion_examples);
  completion->add_option("SHELL", line.texts.shell, "bash, zsh or fish")->type_name("");
  line.runs[completion] = [&line, completion] {
    return run_completion(line, completion);
  };
}

} // namespace

void define_agent_commands(command_line& line) {
  define_agent(line);
  define_top(line);
  define_doctor(line);
  define_version(line);
  define_completion(line);
}

} // namespace troupe
