// SPDX-License-Identifier: Apache-2.0
#include "actors/runtime_metadata/docker_fields.hpp"
#include "actors/runtime_metadata/docker_json.hpp"

#include <array>
#include <charconv>

namespace troupe {
namespace {

using namespace docker_fields;

struct raw_event {
  std::string type;
  std::string action;
  std::string id;
  std::map<std::string, std::string> attributes;
  int64_t seconds = 0;
  int64_t nanoseconds = 0; ///< the whole time, not a fraction
};

bool read_actor(value& from, raw_event& event) {
  return for_each_field_of(from, [&](std::string_view key, value& content) {
    if (key == "ID")
      read_text(content, event.id);
    else if (key == "Attributes")
      return read_labels(content, event.attributes);
    return true;
  });
}

bool read_event_field(std::string_view key, value& content, raw_event& event) {
  if (key == "Type")
    read_text(content, event.type);
  else if (key == "Action")
    read_text(content, event.action);
  else if (key == "time")
    read_integer(content, event.seconds);
  else if (key == "timeNano")
    read_integer(content, event.nanoseconds);
  else if (key == "Actor")
    return read_actor(content, event);
  return true;
}

std::optional<runtime_event_kind> kind_of(std::string_view action) {
  using enum runtime_event_kind;
  constexpr std::array<std::pair<std::string_view, runtime_event_kind>, 9> kinds = {{
      {"create", created},
      {"start", started},
      {"die", exited},
      {"pause", paused},
      {"unpause", resumed},
      {"oom", oom_killed},
      {"rename", renamed},
      {"update", updated},
      {"destroy", removed},
  }};
  for (const auto& [text, kind] : kinds)
    if (text == action)
      return kind;
  return std::nullopt;
}

std::string take(std::map<std::string, std::string>& attributes, const char* key) {
  auto node = attributes.extract(key);
  return node ? std::move(node.mapped()) : std::string{};
}

std::optional<int> to_int(const std::string& text) {
  int value = 0;
  const auto* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{} || rest != end)
    return std::nullopt;
  return value;
}

// docker puts the container's labels, its name and image and the event's own values into one bag.
runtime_event to_event(runtime_event_kind kind, raw_event raw) {
  runtime_event event;
  event.kind = kind;
  event.time_ns = raw.nanoseconds;
  auto& metadata = event.metadata;
  metadata.id = std::move(raw.id);
  metadata.name = without_slash(take(raw.attributes, "name"));
  metadata.image = take(raw.attributes, "image");
  if (kind == runtime_event_kind::exited) {
    metadata.exit_code = to_int(take(raw.attributes, "exitCode"));
    take(raw.attributes, "execDuration");
  } else if (kind == runtime_event_kind::renamed) {
    take(raw.attributes, "oldName");
  }
  metadata.labels = std::move(raw.attributes);
  event.named = !metadata.name.empty();
  finish(metadata);
  return event;
}

} // namespace

call_result<std::optional<runtime_event>> parse_docker_event(std::string_view line) {
  json_document text{line};
  object fields;
  raw_event raw;
  const bool whole =
      text.open(fields)
      && for_each_field(fields, [&](std::string_view key,
                                    value& content) { return read_event_field(key, content, raw); })
      && text.at_end();
  if (!whole)
    return garbage("an event");
  const auto kind = kind_of(raw.action);
  if (!kind || raw.type != "container" || !plausible_id(raw.id))
    return std::optional<runtime_event>{};
  if (raw.nanoseconds == 0 && std::in_range<int32_t>(raw.seconds))
    raw.nanoseconds = raw.seconds * 1'000'000'000;
  return std::optional{to_event(*kind, std::move(raw))};
}

} // namespace troupe
