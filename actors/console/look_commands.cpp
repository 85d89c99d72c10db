// SPDX-License-Identifier: Apache-2.0
#include "actors/console/command_groups.hpp"
#include "actors/console/escape.hpp"
#include "actors/console/help_texts.hpp"
#include "actors/console/l7_filter.hpp"
#include "actors/console/nearest.hpp"
#include "actors/console/setting_values.hpp"

#include <fmt/format.h>

#include <utility>

namespace troupe {

namespace {

constexpr std::chrono::milliseconds longest_look{24 * 3'600'000};

bool read_map_format(const std::string& text, map_format& format, std::string& error) {
  const std::vector<std::string> known{"text", "dot", "json"};
  if (text.empty() || text == known[0])
    format = map_format::text;
  else if (text == known[1])
    format = map_format::dot;
  else if (text == known[2])
    format = map_format::json;
  else {
    error = fmt::format("--format '{}': write text, dot or json{}", escape_for_terminal(text),
                        did_you_mean(text, known));
    return false;
  }
  return true;
}

bool read_look(const std::string& text, map_request& request, std::string& error) {
  if (text.empty())
    return true;
  const auto duration = parse_duration(text);
  if (!duration || duration->count() <= 0 || *duration > longest_look) {
    error = fmt::format("--duration '{}': write a time with its unit, like 10s or 5m",
                        escape_for_terminal(text));
    return false;
  }
  request.duration = *duration;
  return true;
}

int run_map(command_line& line, const CLI::App* command, configuration config) {
  std::string error;
  map_request request;
  auto scope = read_scope(line.texts, error);
  if (!scope || !read_map_format(line.texts.output, request.format, error)
      || !read_look(line.texts.duration, request, error))
    return usage(line, command, error);
  if (!scope->pids.empty())
    return usage(line, command, "--pid: a map is of whole containers; write -c");
  request.l7 = config.agent.l7;
  request.config = std::move(config);
  request.scope = std::move(*scope);
  request.headers = !line.texts.no_headers;
  request.allow_loss = line.texts.allow_loss;
  return line.commands.map(request, line.streams);
}

bool read_order(const std::string& text, l7_order& order, std::string& error) {
  if (text.empty())
    return true;
  const auto found = find_l7_order(text);
  if (!found) {
    error = fmt::format("--sort '{}': write requests, failed, p50, p95 or p99",
                        escape_for_terminal(text));
    return false;
  }
  order = *found;
  return true;
}

bool read_limit(const std::string& text, std::optional<size_t>& limit, std::string& error) {
  if (text.empty())
    return true;
  const auto number = parse_number(text);
  if (!number || *number == 0) {
    error = fmt::format("--limit '{}': write a number from 1 upwards", escape_for_terminal(text));
    return false;
  }
  limit = static_cast<size_t>(*number);
  return true;
}

/// Nothing, and what is wrong in `error`.
std::optional<top_l7_request> read_top_l7(command_line& line, std::string& error) {
  top_l7_request request;
  auto scope = read_scope(line.texts, error);
  if (!scope)
    return std::nullopt;
  if (!scope->pids.empty()) {
    error = "--pid: rows are of whole containers; write -c";
    return std::nullopt;
  }
  auto output = read_output(line.texts, infos_of(l7_top_fields()), error);
  if (!output || !read_timeout(line.texts, request.timeout, error)
      || !read_interval(line.top_flags, request.interval, error)
      || !read_count(line.top_flags, request.count, error)
      || !read_order(line.top_flags.order, request.order, error)
      || !read_limit(line.top_flags.limit, request.limit, error))
    return std::nullopt;
  auto requests = read_l7_filter({line.texts.protocols, line.texts.statuses, {}}, error);
  if (!requests)
    return std::nullopt;
  request.choice = {std::move(*scope), std::move(requests->protocols)};
  request.output = std::move(*output);
  request.allow_loss = line.texts.allow_loss;
  return request;
}

int run_top_l7(command_line& line, const CLI::App* command, configuration config) {
  if (line.texts.list_fields)
    return list_fields_of(line, infos_of(l7_top_fields()));
  std::string error;
  auto request = read_top_l7(line, error);
  if (!request)
    return usage(line, command, error);
  request->config = std::move(config);
  return line.commands.top_l7(*request, line.streams);
}

} // namespace

void define_map_command(command_line& line) {
  auto* map = add_command(line.app, "map", help::map, help::map_examples);
  add_scope_flags(*map, line.texts);
  map->add_option("--duration", line.texts.duration,
                  "look for so long, like 10s or 5m (default: until Ctrl-C)")
      ->type_name("TIME")
      ->take_last()
      ->group("Output");
  map->add_option("-o,--format,--output", line.texts.output,
                  "text, dot (for Graphviz) or json (default: text)")
      ->type_name("text|dot|json")
      ->take_last()
      ->group("Output");
  map->add_flag("--no-headers", line.texts.no_headers, "no line of column names")->group("Output");
  add_loss_flag(*map, line.texts);
  add_setting_flags(*map, line.texts, scope_runtimes | scope_kernel);
  run_with_configuration(line, map, [&line, map](configuration config) {
    return run_map(line, map, std::move(config));
  });
}

void define_top_l7_command(command_line& line, CLI::App& top) {
  auto* l7 = add_command(top, "l7", help::top_l7, help::top_l7_examples);
  add_scope_flags(*l7, line.texts);
  add_protocol_flag(*l7, line.texts);
  add_interval_flags(*l7, "--count", line.top_flags);
  add_order_flags(*l7, line.top_flags);
  add_output_flags(*l7, line.texts);
  add_loss_flag(*l7, line.texts);
  add_setting_flags(*l7, line.texts, scope_runtimes | scope_kernel);
  run_with_configuration(line, l7, [&line, l7](configuration config) {
    return run_top_l7(line, l7, std::move(config));
  });
}

} // namespace troupe
