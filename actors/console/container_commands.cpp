// SPDX-License-Identifier: Apache-2.0
#include "actors/console/command_groups.hpp"
#include "actors/console/help_texts.hpp"
#include "actors/console/inspect_fields.hpp"
#include "actors/console/list_fields.hpp"
#include "actors/console/process_fields.hpp"

#include <utility>

namespace troupe {

namespace {

int run_list(command_line& line, const CLI::App* command, configuration config) {
  const auto infos = line.texts.watch ? infos_of(change_fields()) : infos_of(list_fields());
  if (line.texts.list_fields)
    return list_fields_of(line, infos);
  std::string error;
  list_request request;
  auto scope = read_scope(line.texts, error);
  if (!scope)
    return usage(line, command, error);
  auto output = read_output(line.texts, infos, error);
  if (!output || !read_timeout(line.texts, request.timeout, error))
    return usage(line, command, error);
  request.config = std::move(config);
  request.scope = std::move(*scope);
  request.output = std::move(*output);
  request.watch = line.texts.watch;
  request.all = line.texts.all;
  request.services = line.texts.services;
  return line.commands.list(request, line.streams);
}

void define_list(command_line& line) {
  auto* list = add_command(line.app, "list", help::list, help::list_examples);
  add_scope_flags(*list, line.texts);
  list->add_flag("-a,--all", line.texts.all, "created and exited ones too")
      ->group("Which containers");
  list->add_flag("--services", line.texts.services, "systemd's units and users' slices too")
      ->group("Which containers");
  list->add_flag("-w,--watch", line.texts.watch, "then print every change, until Ctrl-C")
      ->group("Output");
  add_output_flags(*list, line.texts);
  add_setting_flags(*list, line.texts, scope_runtimes);
  run_with_configuration(line, list, [&line, list](configuration config) {
    return run_list(line, list, std::move(config));
  });
}

int run_ps(command_line& line, const CLI::App* command, configuration config) {
  const auto infos = infos_of(ps_fields());
  if (line.texts.list_fields)
    return list_fields_of(line, infos);
  std::string error;
  ps_request request;
  auto scope = read_scope(line.texts, error);
  if (!scope)
    return usage(line, command, error);
  auto output = read_output(line.texts, infos, error);
  if (!output || !read_timeout(line.texts, request.timeout, error))
    return usage(line, command, error);
  request.config = std::move(config);
  request.scope = std::move(*scope);
  request.output = std::move(*output);
  request.services = line.texts.services;
  request.all = line.texts.all;
  return line.commands.ps(request, line.streams);
}

void define_ps(command_line& line) {
  auto* ps = add_command(line.app, "ps", help::ps, help::ps_examples);
  constexpr auto group = "Which containers";
  add_scope_flags(*ps, line.texts);
  ps->add_flag("-a,--all", line.texts.all, "every process, also of no container")->group(group);
  ps->add_flag("--services", line.texts.services, "of systemd's units and users' slices too")
      ->group(group);
  add_output_flags(*ps, line.texts);
  add_setting_flags(*ps, line.texts, scope_runtimes);
  run_with_configuration(
      line, ps, [&line, ps](configuration config) { return run_ps(line, ps, std::move(config)); });
}

int run_inspect(command_line& line, const CLI::App* command, configuration config) {
  if (line.texts.list_fields) {
    static_cast<void>(write_all(line.streams.out, describe_inspect_fields()));
    return exit_done;
  }
  std::string error;
  inspect_request request;
  auto scope = read_scope(line.texts, error);
  if (!scope)
    return usage(line, command, error);
  if (line.texts.targets.empty() && scope->matches_all())
    return usage(line, command, "say which container: its name, its id, or a pid");
  auto output = read_output(line.texts, inspect_infos(), error);
  if (!output || !read_timeout(line.texts, request.timeout, error))
    return usage(line, command, error);
  request.config = std::move(config);
  request.targets = line.texts.targets;
  request.scope = std::move(*scope);
  request.output = std::move(*output);
  request.environment = line.texts.environment;
  return line.commands.inspect(request, line.streams);
}

void define_inspect(command_line& line) {
  auto* inspect = add_command(line.app, "inspect", help::inspect, help::inspect_examples);
  inspect->add_option("NAME|ID|PID", line.texts.targets, "which containers")->type_name("");
  add_scope_flags(*inspect, line.texts);
  add_output_flags(*inspect, line.texts);
  inspect->add_flag("--env", line.texts.environment, "show the environment's values: secrets too")
      ->group("Output");
  add_setting_flags(*inspect, line.texts, scope_runtimes);
  run_with_configuration(line, inspect, [&line, inspect](configuration config) {
    return run_inspect(line, inspect, std::move(config));
  });
}

} // namespace

void define_container_commands(command_line& line) {
  define_list(line);
  define_ps(line);
  define_inspect(line);
}

} // namespace troupe
