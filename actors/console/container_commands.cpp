// SPDX-License-Identifier: Apache-2.0
#include "actors/console/command_groups.hpp"
#include "actors/console/help_texts.hpp"
#include "actors/console/list_fields.hpp"

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

} // namespace

void define_container_commands(command_line& line) {
  define_list(line);
}

} // namespace troupe
