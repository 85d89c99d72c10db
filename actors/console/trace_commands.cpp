// SPDX-License-Identifier: Apache-2.0
#include "actors/console/command_groups.hpp"
#include "actors/console/help_texts.hpp"

#include <array>
#include <utility>

namespace troupe {

namespace {

constexpr std::array trace_kinds{trace_kind::exec, trace_kind::exit, trace_kind::tcp,
                                 trace_kind::oom};

int run_trace(command_line& line, const CLI::App* command, trace_kind kind, configuration config) {
  const auto infos = infos_of(event_fields(kind));
  if (line.texts.list_fields)
    return list_fields_of(line, infos);
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

} // namespace

void define_trace_commands(command_line& line) {
  auto* trace = add_command(line.app, "trace", help::trace, help::trace_examples);
  trace->require_subcommand(0, 1);
  line.missing[trace] = "say what to trace: exec, exit, tcp or oom";
  for (const auto kind : trace_kinds) {
    auto* command = add_command(*trace, std::string{to_string(kind)}, help::trace_summary(kind),
                                help::trace_kind_examples(kind));
    add_scope_flags(*command, line.texts);
    add_output_flags(*command, line.texts);
    add_loss_flag(*command, line.texts);
    if (kind == trace_kind::exit)
      command->add_flag("-a,--all", line.texts.all, "the runtime's own helper processes too")
          ->group("Which containers");
    add_setting_flags(*command, line.texts, scope_runtimes | scope_kernel);
    run_with_configuration(line, command, [&line, command, kind](configuration config) {
      return run_trace(line, command, kind, std::move(config));
    });
  }
}

} // namespace troupe
