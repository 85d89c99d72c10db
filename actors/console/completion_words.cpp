// SPDX-License-Identifier: Apache-2.0
#include "actors/console/completion_words.hpp"

#include "actors/console/l7_filter.hpp"
#include "messages/identity.hpp"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include <array>
#include <string_view>
#include <utility>

namespace troupe {

namespace {

using kind = completion_value::kind;

constexpr std::array runtimes{runtime_kind::docker, runtime_kind::containerd, runtime_kind::crio,
                              runtime_kind::podman, runtime_kind::systemd,    runtime_kind::lxc,
                              runtime_kind::nspawn};

completion_value runtime_names() {
  completion_value value{kind::choice};
  for (const auto runtime : runtimes)
    value.choices.emplace_back(to_string(runtime));
  return value;
}

std::vector<std::string> split(std::string_view text, char at) {
  std::vector<std::string> parts;
  for (;;) {
    const auto end = text.find(at);
    parts.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos)
      return parts;
    text.remove_prefix(end + 1);
  }
}

/// The same name means the same on every command, so names decide.
completion_value value_of(const CLI::Option& option) {
  if (option.get_positional()) {
    const auto name = option.get_name(true);
    if (name == "SHELL")
      return {kind::choice, {"bash", "zsh", "fish"}};
    return name == "FILE" ? completion_value{kind::file}
                          : completion_value{kind::listing, {}, "name"};
  }
  if (option.get_type_size() == 0 || option.get_expected_min() == 0)
    return {}; // A switch may have a value, but seldom has.
  const auto name = option.get_lnames().empty() ? std::string{} : option.get_lnames().front();
  const auto type = option.get_type_name();
  if (name == "container")
    return {kind::listing, {}, "name"};
  if (name == "namespace" || name == "pod")
    return {kind::listing, {}, name};
  if (name == "runtime")
    return runtime_names();
  if (name == "protocol")
    return {kind::choice, protocol_names()};
  if (name == "status")
    return {kind::choice, {"ok", "failed", "unknown", "4xx", "5xx"}};
  if (type.find('|') != std::string::npos && type.front() != '[')
    return {kind::choice, split(type, '|')};
  if (type == "FORMAT")
    return {kind::choice, {"columns", "wide", "json", "yaml"}};
  return {type == "FILE" || type == "PATH" || type == "DIR" ? kind::file : kind::any};
}

void append(const CLI::App& app, const std::string& above,
            std::vector<completion_command>& commands) {
  completion_command command{above + app.get_name(), app.get_name(), app.get_description(), {}, {}};
  for (const auto* option : app.get_options()) {
    if (option->get_positional()) {
      command.argument = value_of(*option);
      continue;
    }
    completion_flag flag{{}, option->get_description(), value_of(*option)};
    for (const auto& name : option->get_snames())
      flag.names.push_back("-" + name);
    for (const auto& name : option->get_lnames())
      flag.names.push_back("--" + name);
    command.flags.push_back(std::move(flag));
  }
  const auto path = command.path;
  commands.push_back(std::move(command));
  for (const auto* below : app.get_subcommands([](const CLI::App*) { return true; }))
    append(*below, path + " ", commands);
}

} // namespace

std::vector<completion_command> completion_words(const CLI::App& app) {
  std::vector<completion_command> commands;
  append(app, "", commands);
  return commands;
}

} // namespace troupe
