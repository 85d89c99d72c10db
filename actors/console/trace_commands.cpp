// SPDX-License-Identifier: Apache-2.0
#include "actors/console/command_groups.hpp"
#include "actors/console/help_texts.hpp"
#include "actors/console/l7_filter.hpp"

#include <array>
#include <utility>

namespace troupe {

namespace {

constexpr std::array trace_kinds{trace_kind::exec, trace_kind::exit, trace_kind::tcp,
                                 trace_kind::oom,  trace_kind::l7,   trace_kind::dns};

bool is_of_requests(trace_kind kind) {
  return mask_of(kind) == trace_l7;
}

void add_values(CLI::App& command, const std::string& flag, std::vector<std::string>& into,
                const std::string& value, const std::string& meaning) {
  command.add_option(flag, into, meaning)
      ->type_name(value)
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->group("Which requests");
}

void add_request_flags(CLI::App& command, trace_kind kind, flag_texts& into) {
  if (kind == trace_kind::l7)
    add_protocol_flag(command, into);
  add_values(command, "--status", into.statuses, "STATUS",
             "a code, one of HTTP's classes like 5xx, ok, failed or unknown");
  command.add_option("--min-duration", into.min_duration, "those that took as long, like 100ms")
      ->type_name("TIME")
      ->take_last()
      ->group("Which requests");
  if (kind == trace_kind::l7)
    command
        .add_flag("--raw", into.raw, "show queries with their values, URLs with their arguments")
        ->group("Output");
}

/// --raw without a choice of fields shows what it is about.
flag_texts with_raw_fields(flag_texts texts) {
  if (texts.raw && texts.fields.empty())
    texts.fields = "+query";
  return texts;
}

int run_trace(command_line& line, const CLI::App* command, trace_kind kind, configuration config) {
  const auto infos = infos_of(event_fields(kind));
  if (line.texts.list_fields)
    return list_fields_of(line, infos);
  std::string error;
  trace_request request;
  auto scope = read_scope(line.texts, error);
  if (!scope)
    return usage(line, command, error);
  auto output = read_output(with_raw_fields(line.texts), infos, error);
  if (!output || !read_timeout(line.texts, request.timeout, error))
    return usage(line, command, error);
  auto requests =
      read_l7_filter({line.texts.protocols, line.texts.statuses, line.texts.min_duration}, error);
  if (!requests)
    return usage(line, command, error);
  request.requests = std::move(*requests);
  request.raw = line.texts.raw;
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
  line.missing[trace] = "say what to trace: exec, exit, tcp, oom, l7 or dns";
  for (const auto kind : trace_kinds) {
    auto* command = add_command(*trace, std::string{to_string(kind)}, help::trace_summary(kind),
                                help::trace_kind_examples(kind));
    add_scope_flags(*command, line.texts);
    add_output_flags(*command, line.texts);
    add_loss_flag(*command, line.texts);
    if (is_of_requests(kind))
      add_request_flags(*command, kind, line.texts);
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
