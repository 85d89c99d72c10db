// SPDX-License-Identifier: Apache-2.0
#include "actors/console/command_groups.hpp"
#include "actors/console/escape.hpp"
#include "actors/console/help_texts.hpp"
#include "actors/console/nearest.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace troupe {

namespace {

constexpr auto which_group = "Which events";

/// Nothing given means both.
bool read_source(const std::string& text, std::optional<life_source>& source, std::string& error) {
  if (text.empty())
    return true;
  for (const auto known : {life_source::kernel, life_source::runtime})
    if (text == to_string(known)) {
      source = known;
      return true;
    }
  error = fmt::format("--source '{}': neither kernel nor runtime", escape_for_terminal(text));
  return false;
}

bool check_events(const std::vector<std::string>& events, std::string& error) {
  const auto& known = life_event_names();
  for (const auto& name : events)
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      error = fmt::format("--event '{}': unknown event{}; known: {}", escape_for_terminal(name),
                          did_you_mean(name, known), fmt::join(known, ", "));
      return false;
    }
  return true;
}

int run_events(command_line& line, const CLI::App* command, configuration config) {
  const auto infos = infos_of(life_fields());
  if (line.texts.list_fields)
    return list_fields_of(line, infos);
  std::string error;
  events_request request;
  auto scope = read_scope(line.texts, error);
  if (!scope)
    return usage(line, command, error);
  auto output = read_output(line.texts, infos, error);
  if (!output || !read_timeout(line.texts, request.timeout, error)
      || !read_source(line.texts.source, request.source, error)
      || !check_events(line.texts.events, error))
    return usage(line, command, error);
  // Units are left out unless they are asked for, here as in list; the setting has them in.
  request.services = line.texts.settings.contains("services") && config.agent.services;
  request.config = std::move(config);
  request.scope = std::move(*scope);
  request.output = std::move(*output);
  request.events = line.texts.events;
  request.allow_loss = line.texts.allow_loss;
  return line.commands.events(request, line.streams);
}

} // namespace

void define_events_command(command_line& line) {
  auto* events = add_command(line.app, "events", help::events, help::events_examples);
  add_scope_flags(*events, line.texts);
  events
      ->add_option("--event", line.texts.events,
                   "only these; may be repeated; their names stand above")
      ->type_name("NAME")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->group(which_group);
  events->add_option("--source", line.texts.source, "only what this one tells, and ask no other")
      ->type_name("kernel|runtime")
      ->take_last()
      ->group(which_group);
  add_output_flags(*events, line.texts);
  add_loss_flag(*events, line.texts);
  add_setting_flags(*events, line.texts, scope_runtimes | scope_kernel);
  run_with_configuration(line, events, [&line, events](configuration config) {
    return run_events(line, events, std::move(config));
  });
}

} // namespace troupe
