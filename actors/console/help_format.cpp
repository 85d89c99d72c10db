// SPDX-License-Identifier: Apache-2.0
#include "actors/console/help_format.hpp"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace troupe {

namespace {

using line = std::pair<std::string, std::string>;

/// "-c, --container NAME".
std::string names_of(const CLI::Option& option) {
  std::vector<std::string> names;
  for (const auto& name : option.get_snames())
    names.push_back("-" + name);
  for (const auto& name : option.get_lnames())
    names.push_back("--" + name);
  auto text = fmt::format("{}", fmt::join(names, ", "));
  if (option.get_snames().empty())
    text = "    " + text; // Long names stand below each other.
  return option.get_type_size() == 0 ? text : text + " " + option.get_type_name();
}

constexpr size_t page_width = 100;

/// Appends words, broken into lines that begin at `indent`.
void append_wrapped(std::string& text, const std::string& words, size_t indent) {
  size_t column = indent;
  for (size_t begin = 0; begin < words.size();) {
    const auto end = std::min(words.find(' ', begin), words.size());
    const auto word = std::string_view{words}.substr(begin, end - begin);
    if (column > indent && column + 1 + word.size() > page_width) {
      text.append("\n").append(indent, ' ');
      column = indent;
    } else if (begin > 0) {
      text += ' ';
      ++column;
    }
    text += word;
    column += word.size();
    begin = end + 1;
  }
  text += '\n';
}

void append_section(std::string& text, const std::string& heading, const std::vector<line>& lines) {
  size_t width = 0;
  for (const auto& [left, right] : lines)
    width = std::max(width, left.size());
  text += fmt::format("\n{}:\n", heading);
  for (const auto& [left, right] : lines) {
    text += fmt::format("  {:{}}  ", left, width);
    append_wrapped(text, right, width + 4);
  }
}

void append_commands(std::string& text, const CLI::App& command) {
  std::vector<line> lines;
  for (const auto* sub : command.get_subcommands([](const CLI::App*) { return true; }))
    lines.emplace_back(sub->get_name(), sub->get_description());
  if (!lines.empty())
    append_section(text, "Commands", lines);
}

/// " FILE": what is given without a flag.
std::string arguments_of(const CLI::App& command) {
  std::string text;
  for (const auto* option : command.get_options())
    if (option->get_positional())
      text += " " + option->get_name(true);
  return text;
}

void append_flags(std::string& text, const CLI::App& command) {
  std::vector<std::string> groups;
  for (const auto* option : command.get_options())
    if (std::find(groups.begin(), groups.end(), option->get_group()) == groups.end())
      groups.push_back(option->get_group());
  std::stable_partition(groups.begin(), groups.end(),
                        [](const std::string& x) { return x != "Options"; });
  for (const auto& group : groups) {
    std::vector<line> lines;
    for (const auto* option : command.get_options())
      if (option->get_group() == group && !option->get_positional())
        lines.emplace_back(names_of(*option), option->get_description());
    append_section(text, group == "Options" ? "Other" : group, lines);
  }
}

} // namespace

std::string format_help(const CLI::App& command, const std::string& path) {
  const bool has_commands = !command.get_subcommands([](const CLI::App*) { return true; }).empty();
  auto text =
      fmt::format("{}\n\nUsage: {}{}{} [flags]\n\n{}\n", command.get_description(), path,
                  has_commands ? " COMMAND" : "", arguments_of(command), command.get_footer());
  append_commands(text, command);
  append_flags(text, command);
  return text;
}

} // namespace troupe
