// SPDX-License-Identifier: Apache-2.0
#include "actors/runtime_metadata/docker_fields.hpp"
#include "actors/runtime_metadata/podman_json.hpp"

#include <array>

namespace troupe {
namespace {

using namespace docker_fields;

// Also by docker's words, which podman uses where it plays docker.
std::optional<runtime_event_kind> kind_of(std::string_view action) {
  using enum runtime_event_kind;
  constexpr std::array<std::pair<std::string_view, runtime_event_kind>, 14> kinds = {{
      {"create", created},
      {"start", started},
      {"restore", started},
      {"died", exited},
      {"die", exited},
      {"pause", paused},
      {"unpause", resumed},
      {"rename", renamed},
      {"update", updated},
      {"remove", removed},
      {"exec", exec_started},
      {"exec_died", exec_exited},
      {"exec_die", exec_exited},
      {"health_status", health_changed},
  }};
  for (const auto& [text, kind] : kinds)
    if (text == action)
      return kind;
  return std::nullopt;
}

// Unlike docker, podman lets an event's own values take the place of labels.
podman_event to_event(runtime_event_kind kind, raw_event raw) {
  podman_event result;
  auto& event = result.event;
  event.kind = kind;
  event.time_ns = raw.time_ns;
  auto& metadata = event.metadata;
  metadata.runtime = runtime_kind::podman;
  metadata.id = std::move(raw.id);
  metadata.name = take(raw.attributes, "name");
  metadata.image = take(raw.attributes, "image");
  result.pod_id = take(raw.attributes, "podId");
  if (!plausible_id(result.pod_id))
    result.pod_id.clear();
  const auto exit_code = to_int(take(raw.attributes, "containerExitCode"));
  if (kind == runtime_event_kind::exited)
    metadata.exit_code = exit_code;
  if (kind == runtime_event_kind::exec_exited)
    event.exec.exit_code = exit_code;
  if (kind == runtime_event_kind::exec_started || kind == runtime_event_kind::exec_exited)
    event.exec.id = take(raw.attributes, "execID"); // since podman 4.4
  if (!plausible_id(event.exec.id))
    event.exec.id.clear();
  metadata.health = std::move(raw.health);
  metadata.labels = std::move(raw.attributes);
  event.named = !metadata.name.empty() && result.pod_id.empty();
  bound(metadata);
  return result;
}

} // namespace

call_result<std::optional<podman_event>> parse_podman_event(std::string_view line) {
  auto raw = read_event(line);
  if (!raw)
    return garbage("podman", "an event");
  const auto kind = kind_of(raw->action);
  if (!kind || raw->type != "container" || !plausible_id(raw->id))
    return std::optional<podman_event>{};
  return std::optional{to_event(*kind, std::move(*raw))};
}

} // namespace troupe
