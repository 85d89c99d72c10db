// SPDX-License-Identifier: Apache-2.0
#include "actors/console/command_flags.hpp"

#include "actors/console/escape.hpp"
#include "actors/console/field_selection.hpp"
#include "actors/console/nearest.hpp"
#include "actors/console/setting_values.hpp"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace troupe {

namespace {

constexpr auto scope_group = "Which containers";
constexpr auto output_group = "Output";

/// Smaller files would hold little but their beginnings.
constexpr uint64_t recording_bytes_least = 1U << 20;
constexpr uint64_t recording_files_most = 1'000;

constexpr std::array<std::pair<std::string_view, output_format>, 4> formats{
    {{"columns", output_format::columns},
     {"wide", output_format::wide},
     {"json", output_format::json},
     {"yaml", output_format::yaml}}};

constexpr std::array runtimes{
    runtime_kind::docker,  runtime_kind::containerd, runtime_kind::crio, runtime_kind::podman,
    runtime_kind::systemd, runtime_kind::kubernetes, runtime_kind::lxc,  runtime_kind::nspawn,
    runtime_kind::garden,  runtime_kind::talos};

void add_repeatable(CLI::App& command, const std::string& flags, std::vector<std::string>& into,
                    const std::string& value, const std::string& meaning) {
  command.add_option(flags, into, meaning)
      ->type_name(value)
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->group(scope_group);
}

bool check_runtimes(const std::vector<std::string>& names, std::string& error) {
  std::vector<std::string> known;
  for (const auto kind : runtimes)
    known.emplace_back(to_string(kind));
  for (std::string_view name : names) {
    if (name.starts_with('!'))
      name.remove_prefix(1);
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      error =
          fmt::format("-r/--runtime '{}': unknown runtime{}; known: {}", escape_for_terminal(name),
                      did_you_mean(name, known), fmt::join(known, ", "));
      return false;
    }
  }
  return true;
}

/// An empty value, or a lone "!", is nearly always a variable that a script forgot to set; taken as
/// given it would mean "all".
bool check_not_empty(std::string_view flag, const std::vector<std::string>& values,
                     std::string& error) {
  for (const auto& value : values)
    if (value.empty() || value == "!") {
      error =
          fmt::format("{} '{}': the value is empty; leave the flag away to mean all", flag, value);
      return false;
    }
  return true;
}

} // namespace

void add_scope_flags(CLI::App& command, flag_texts& into) {
  add_repeatable(command, "-c,--container", into.containers, "NAME",
                 "its id, name or the start of its runtime's id; !NAME leaves it out");
  add_repeatable(command, "-n,--namespace", into.name_spaces, "NAME",
                 "of Kubernetes or containerd; !NAME leaves it out");
  add_repeatable(command, "--pod", into.pods, "NAME", "of Kubernetes; !NAME leaves it out");
  add_repeatable(command, "-l,--label", into.labels, "KEY=VALUE",
                 "its label; also KEY!=VALUE and KEY");
  add_repeatable(command, "-r,--runtime", into.runtimes, "NAME",
                 "docker, containerd, systemd, ...; !NAME leaves it out");
  add_repeatable(command, "--pid", into.pids, "PID", "this process only, as the host counts");
}

void add_format_flag(CLI::App& command, flag_texts& into) {
  command.add_option("-o,--output", into.output, "columns, wide, json or yaml (default: columns)")
      ->type_name("FORMAT")
      ->take_last()
      ->group(output_group);
}

void add_output_flags(CLI::App& command, flag_texts& into) {
  add_format_flag(command, into);
  command.add_option("--fields", into.fields, "these fields: a,b; or other than usual: +a,-b")
      ->type_name("FIELDS")
      ->take_last()
      ->group(output_group);
  command.add_flag("--list", into.list_fields, "say which fields there are")->group(output_group);
  command.add_flag("--no-headers", into.no_headers, "no line of column names")->group(output_group);
  add_timeout_flag(command, into);
}

void add_timeout_flag(CLI::App& command, flag_texts& into) {
  command.add_option("--timeout", into.timeout, "end after so long")
      ->type_name("SECONDS")
      ->take_last()
      ->group(output_group);
}

void add_protocol_flag(CLI::App& command, flag_texts& into) {
  command.add_option("--protocol", into.protocols, "http, postgres, redis, ...; may be repeated")
      ->type_name("NAME")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->group("Which requests");
}

void add_loss_flag(CLI::App& command, flag_texts& into) {
  command.add_flag("--allow-loss", into.allow_loss, "lost events are no failure")
      ->group(output_group);
}

void add_setting_flags(CLI::App& command, flag_texts& into, uint8_t scope) {
  command.add_option("--config", into.config, "read settings from this YAML file")
      ->type_name("FILE")
      ->take_last()
      ->group("Settings");
  for (const auto& x : settings_schema()) {
    if ((x.scope & scope) == 0)
      continue;
    const bool is_switch = x.value.empty();
    const auto take = [&into, is_switch,
                       key = std::string{x.key}](const std::vector<std::string>& texts) {
      // A switch without a value is on.
      const auto text = fmt::format("{}", fmt::join(texts, ","));
      into.settings[key] = is_switch && text.empty() ? "true" : text;
      return true;
    };
    const auto usual = x.get(configuration{});
    const auto meaning =
        usual.empty() ? std::string{x.meaning} : fmt::format("{} (default: {})", x.meaning, usual);
    auto* option = command.add_option(x.flag(), take, meaning);
    option->type_name(std::string{x.value})->group(std::string{x.group});
    if (is_switch)
      option->expected(0, 1)->type_name("[true|false]");
    if (!x.list)
      option->take_last();
    else
      option->expected(1)->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  }
}

std::optional<selector> read_scope(const flag_texts& texts, std::string& error) {
  for (const auto& [flag, values] : {std::pair{"-c/--container", &texts.containers},
                                     {"-n/--namespace", &texts.name_spaces},
                                     {"--pod", &texts.pods},
                                     {"-r/--runtime", &texts.runtimes}})
    if (!check_not_empty(flag, *values, error))
      return std::nullopt;
  selector scope{texts.containers, texts.name_spaces, texts.pods, texts.runtimes, {}, {}};
  if (!check_runtimes(texts.runtimes, error))
    return std::nullopt;
  for (const auto& text : texts.labels) {
    auto condition = parse_label_condition(text);
    if (!condition) {
      error = fmt::format("-l/--label '{}': write KEY=VALUE, KEY!=VALUE or KEY",
                          escape_for_terminal(text));
      return std::nullopt;
    }
    scope.labels.push_back(std::move(*condition));
  }
  for (const auto& text : texts.pids) {
    const auto pid = parse_number(text);
    if (!pid || *pid == 0 || *pid > INT32_MAX) {
      error = fmt::format("--pid '{}': write a process id", escape_for_terminal(text));
      return std::nullopt;
    }
    scope.pids.push_back(static_cast<uint32_t>(*pid));
  }
  return scope;
}

std::optional<output_format> read_format(const flag_texts& texts, std::string& error) {
  if (texts.output.empty())
    return output_format::columns;
  for (const auto& [name, format] : formats)
    if (texts.output == name)
      return format;
  error = fmt::format("-o/--output '{}': write columns, wide, json or yaml",
                      escape_for_terminal(texts.output));
  return std::nullopt;
}

std::optional<output_options>
read_output(const flag_texts& texts, const std::vector<field_info>& fields, std::string& error) {
  const auto format = read_format(texts, error);
  if (!format)
    return std::nullopt;
  auto chosen = select_fields(fields, texts.fields, *format, error);
  if (!chosen) {
    error += "; --list shows the fields";
    return std::nullopt;
  }
  return output_options{*format, std::move(*chosen), !texts.fields.empty(), !texts.no_headers};
}

bool read_recording(const flag_texts& texts, record_request& request, std::string& error) {
  request.path = texts.file;
  request.metadata = !texts.no_metadata;
  if (texts.file.empty()) {
    error = "say where to: -o FILE, or -o - for stdout";
    return false;
  }
  if (!texts.max_size.empty()) {
    const auto bytes = parse_bytes(texts.max_size);
    if (!bytes || *bytes < recording_bytes_least) {
      error = fmt::format("--max-size '{}': write a size of at least 1MiB, like 100MiB",
                          escape_for_terminal(texts.max_size));
      return false;
    }
    if (texts.file == "-") {
      error = "--max-size: stdout cannot be begun anew; write -o FILE";
      return false;
    }
    request.file_bytes_max = *bytes;
  }
  if (!texts.keep.empty()) {
    const auto files = parse_number(texts.keep);
    if (!files || *files > recording_files_most || texts.max_size.empty()) {
      error = fmt::format("--keep '{}': write a number up to {}, beside --max-size",
                          escape_for_terminal(texts.keep), recording_files_most);
      return false;
    }
    request.files_kept = static_cast<uint32_t>(*files);
  }
  return true;
}

bool read_speed(const flag_texts& texts, double& speed, std::string& error) {
  speed = 0;
  if (texts.speed == "max")
    return true;
  const auto* end = texts.speed.data() + texts.speed.size();
  const auto [rest, failure] = std::from_chars(texts.speed.data(), end, speed);
  if (failure == std::errc{} && rest == end && speed >= 0.001 && speed <= 1e6)
    return true;
  error = fmt::format("--speed '{}': write 1 for the recorded pace, 10 for ten times as fast, or "
                      "max",
                      escape_for_terminal(texts.speed));
  return false;
}

bool read_timeout(const flag_texts& texts, std::optional<std::chrono::milliseconds>& timeout,
                  std::string& error) {
  if (texts.timeout.empty())
    return true;
  double seconds = 0;
  const auto* end = texts.timeout.data() + texts.timeout.size();
  const auto [rest, failure] = std::from_chars(texts.timeout.data(), end, seconds);
  if (failure != std::errc{} || rest != end || !(seconds > 0) || seconds > 1e7) {
    error = fmt::format("--timeout '{}': write seconds, like 10 or 0.5",
                        escape_for_terminal(texts.timeout));
    return false;
  }
  timeout = std::chrono::milliseconds{std::max<int64_t>(1, static_cast<int64_t>(seconds * 1e3))};
  return true;
}

} // namespace troupe
