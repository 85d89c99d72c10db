// SPDX-License-Identifier: Apache-2.0
#include "actors/runtime_metadata/docker_fields.hpp"
#include "actors/runtime_metadata/docker_json.hpp"

#include <array>
#include <charconv>

namespace troupe {
namespace docker_fields {
namespace {

bool read_actor(value& from, raw_event& event) {
  return for_each_field_of(from, [&](std::string_view key, value& content) {
    if (key == "ID")
      read_text(content, event.id);
    else if (key == "Attributes")
      return read_labels(content, event.attributes);
    return true;
  });
}

bool read_event_field(std::string_view key, value& content, raw_event& event, int64_t& seconds) {
  if (key == "Type")
    read_text(content, event.type);
  else if (key == "Action")
    read_text(content, event.action);
  else if (key == "time")
    read_integer(content, seconds);
  else if (key == "timeNano") // the whole time, not a fraction
    read_integer(content, event.time_ns);
  else if (key == "HealthStatus")
    read_text(content, event.health);
  else if (key == "Actor")
    return read_actor(content, event);
  return true;
}

} // namespace

std::optional<raw_event> read_event(std::string_view line) {
  json_document text{line};
  object fields;
  raw_event event;
  int64_t seconds = 0;
  const bool whole = text.open(fields)
                     && for_each_field(fields,
                                       [&](std::string_view key, value& content) {
                                         return read_event_field(key, content, event, seconds);
                                       })
                     && text.at_end();
  if (!whole)
    return std::nullopt;
  if (event.time_ns == 0 && std::in_range<int32_t>(seconds))
    event.time_ns = seconds * 1'000'000'000;
  return event;
}

std::string take(std::map<std::string, std::string>& attributes, const char* key) {
  auto node = attributes.extract(key);
  return node ? std::move(node.mapped()) : std::string{};
}

std::optional<int> to_int(std::string_view text) {
  int value = 0;
  const auto* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{} || rest != end)
    return std::nullopt;
  return value;
}

} // namespace docker_fields

namespace {

using namespace docker_fields;

std::optional<runtime_event_kind> kind_of(std::string_view action) {
  using enum runtime_event_kind;
  constexpr std::array<std::pair<std::string_view, runtime_event_kind>, 12> kinds = {{
      {"create", created},
      {"start", started},
      {"die", exited},
      {"pause", paused},
      {"unpause", resumed},
      {"oom", oom_killed},
      {"rename", renamed},
      {"update", updated},
      {"destroy", removed},
      {"exec_start", exec_started},
      {"exec_die", exec_exited},
      {"health_status", health_changed},
  }};
  for (const auto& [text, kind] : kinds)
    if (text == action)
      return kind;
  return std::nullopt;
}

// "exec_start: sh -c date": what stands behind the colon.
std::string_view split_action(std::string_view& action) {
  const auto colon = action.find(": ");
  if (colon == std::string_view::npos)
    return {};
  const auto argument = action.substr(colon + 2);
  action = action.substr(0, colon);
  return argument;
}

// An event's own values, which share a bag with the container's labels.
void take_values(runtime_event& event, std::map<std::string, std::string>& attributes,
                 std::string_view argument) {
  using enum runtime_event_kind;
  switch (event.kind) {
    case exited:
      event.metadata.exit_code = to_int(take(attributes, "exitCode"));
      take(attributes, "execDuration");
      break;
    case renamed:
      take(attributes, "oldName");
      break;
    case health_changed:
      event.metadata.health = argument;
      break;
    case exec_started:
      event.exec.id = take(attributes, "execID");
      event.exec.command = argument.substr(0, runtime_bounds::text_bytes);
      break;
    case exec_exited:
      event.exec.id = take(attributes, "execID");
      event.exec.exit_code = to_int(take(attributes, "exitCode"));
      break;
    default:
      break;
  }
  // A label with the name of a value takes its place: this is no id, then.
  if (!plausible_id(event.exec.id))
    event.exec.id.clear();
}

runtime_event to_event(runtime_event_kind kind, raw_event raw, std::string_view argument) {
  runtime_event event;
  event.kind = kind;
  event.time_ns = raw.time_ns;
  auto& metadata = event.metadata;
  metadata.id = std::move(raw.id);
  metadata.name = without_slash(take(raw.attributes, "name"));
  metadata.image = take(raw.attributes, "image");
  take_values(event, raw.attributes, argument);
  metadata.labels = std::move(raw.attributes);
  event.named = !metadata.name.empty();
  finish_docker(metadata);
  return event;
}

} // namespace

call_result<std::optional<runtime_event>> parse_docker_event(std::string_view line) {
  auto raw = read_event(line);
  if (!raw)
    return garbage("docker", "an event");
  const std::string whole_action = std::move(raw->action);
  std::string_view action = whole_action;
  const auto argument = split_action(action);
  const auto kind = kind_of(action);
  if (!kind || raw->type != "container" || !plausible_id(raw->id))
    return std::optional<runtime_event>{};
  return std::optional{to_event(*kind, std::move(*raw), argument)};
}

} // namespace troupe
