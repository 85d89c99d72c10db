// SPDX-License-Identifier: Apache-2.0
#include "actors/console/command_groups.hpp"
#include "actors/console/help_texts.hpp"

#include <utility>

namespace troupe {

namespace {

/// The endpoint is what the agent is for; other commands have one only where a flag asks for it.
configuration with_endpoint_if_asked(const command_line& line, configuration config) {
  if (!line.texts.settings.contains("listen"))
    config.agent.listen.clear();
  return config;
}

int run_record(command_line& line, const CLI::App* command, configuration config) {
  std::string error;
  record_request request;
  if (!read_recording(line.texts, request, error)
      || !read_timeout(line.texts, request.timeout, error))
    return usage(line, command, error);
  request.config = with_endpoint_if_asked(line, std::move(config));
  // What containers say to each other is nothing that one wants in a file unasked.
  if (!line.texts.settings.contains("l7"))
    request.config.agent.l7 = false;
  request.allow_loss = line.texts.allow_loss;
  return line.commands.record(request, line.streams);
}

int run_replay(command_line& line, const CLI::App* command, configuration config) {
  std::string error;
  replay_request request;
  const auto format = read_format(line.texts, error);
  if (!format || !read_speed(line.texts, request.speed, error)
      || !read_timeout(line.texts, request.timeout, error))
    return usage(line, command, error);
  if (line.texts.file.empty())
    return usage(line, command, "say which recording: FILE, or - for stdin");
  request.config = with_endpoint_if_asked(line, std::move(config));
  request.path = line.texts.file;
  request.format = *format;
  request.headers = !line.texts.no_headers;
  request.allow_loss = line.texts.allow_loss;
  return line.commands.replay(request, line.streams);
}

void define_record(command_line& line) {
  auto* record = add_command(line.app, "record", help::record, help::record_examples);
  constexpr auto group = "Output";
  record->add_option("-o,--output", line.texts.file, "where to; - is stdout")
      ->type_name("FILE")
      ->take_last()
      ->group(group);
  record->add_option("--max-size", line.texts.max_size, "begin a new file beyond this size")
      ->type_name("BYTES")
      ->take_last()
      ->group(group);
  record->add_option("--keep", line.texts.keep, "so many of the files before it (default: 3)")
      ->type_name("NUMBER")
      ->take_last()
      ->group(group);
  record
      ->add_flag("--no-metadata,!--metadata", line.texts.no_metadata,
                 "leave out what the runtimes say: names, images, labels")
      ->group(group);
  add_timeout_flag(*record, line.texts);
  add_loss_flag(*record, line.texts);
  add_setting_flags(*record, line.texts, scope_all);
  run_with_configuration(line, record, [&line, record](configuration config) {
    return run_record(line, record, std::move(config));
  });
}

void define_replay(command_line& line) {
  auto* replay = add_command(line.app, "replay", help::replay, help::replay_examples);
  replay->add_option("FILE", line.texts.file, "a recording; - is stdin")->type_name("");
  replay
      ->add_option("--speed", line.texts.speed,
                   "1 is the recorded pace, 10 ten times that (default: max)")
      ->type_name("NUMBER|max")
      ->take_last()
      ->group("Output");
  add_format_flag(*replay, line.texts);
  replay->add_flag("--no-headers", line.texts.no_headers, "no line of column names")
      ->group("Output");
  add_timeout_flag(*replay, line.texts);
  add_loss_flag(*replay, line.texts);
  add_setting_flags(*replay, line.texts, scope_actors | scope_endpoint);
  run_with_configuration(line, replay, [&line, replay](configuration config) {
    return run_replay(line, replay, std::move(config));
  });
}

} // namespace

void define_recording_commands(command_line& line) {
  define_record(line);
  define_replay(line);
}

} // namespace troupe
