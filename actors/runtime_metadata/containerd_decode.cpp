// SPDX-License-Identifier: Apache-2.0
#include "actors/runtime_metadata/containerd_decode.hpp"

#include "actors/runtime_metadata/metadata_bounds.hpp"

#include <limits>

namespace troupe {
namespace {

int64_t to_ns(const containerd::timestamp& time) {
  constexpr int64_t second = 1'000'000'000;
  // A time that was never set is year 1, which is before 1970.
  if (time.seconds() <= 0 || time.seconds() >= std::numeric_limits<int64_t>::max() / second
      || time.nanos() < 0 || time.nanos() >= second)
    return 0;
  return time.seconds() * second + time.nanos();
}

// nerdctl and the CRI plugin have names; containerd itself has ids only.
std::string name_from(const std::map<std::string, std::string>& labels) {
  for (const char* key : {"nerdctl/name", "io.kubernetes.container.name"})
    if (auto i = labels.find(key); i != labels.end())
      return i->second;
  return {};
}

bool is_sandbox(const std::map<std::string, std::string>& labels) {
  auto i = labels.find("io.cri-containerd.kind");
  return i != labels.end() && i->second == "sandbox";
}

runtime_kind runtime_of(std::string_view name_space) {
  return name_space == moby_namespace ? runtime_kind::docker : runtime_kind::containerd;
}

container_state state_of(containerd::task_status status) {
  switch (status) {
    case containerd::TASK_CREATED:
      return container_state::created;
    case containerd::TASK_RUNNING:
      return container_state::running;
    case containerd::TASK_PAUSED:
    case containerd::TASK_PAUSING:
      return container_state::paused;
    case containerd::TASK_STOPPED:
      return container_state::exited;
    default:
      return container_state::unknown;
  }
}

using decoder = bool (*)(const std::string& payload, runtime_event& event);

template <class Message>
bool decode_id(const std::string& payload, runtime_event& event) {
  Message message;
  if (!message.ParseFromString(payload))
    return false;
  event.metadata.id = message.id();
  return true;
}

bool decode_created(const std::string& payload, runtime_event& event) {
  containerd::container_created message;
  if (!message.ParseFromString(payload))
    return false;
  event.metadata.id = message.id();
  event.metadata.image = message.image();
  return true;
}

bool decode_task(const std::string& payload, runtime_event& event) {
  containerd::task_changed message;
  if (!message.ParseFromString(payload))
    return false;
  event.metadata.id = message.container_id();
  event.metadata.pid = event.kind == runtime_event_kind::started ? message.pid() : 0;
  return true;
}

// Processes that were exec'ed exit as well; the init process is called like its container. An
// older containerd leaves the id of TaskDelete empty for it.
bool set_exit(const std::string& container_id, const std::string& id, uint32_t status,
              const containerd::timestamp& time, runtime_event& event) {
  if (!id.empty() && id != container_id)
    return false;
  event.metadata.id = container_id;
  event.metadata.exit_code = static_cast<int>(status);
  event.metadata.finished_ns = to_ns(time);
  return true;
}

bool decode_exit(const std::string& payload, runtime_event& event) {
  containerd::task_exited message;
  return message.ParseFromString(payload)
         && set_exit(message.container_id(), message.id(), message.exit_status(),
                     message.exited_at(), event);
}

bool decode_task_deleted(const std::string& payload, runtime_event& event) {
  containerd::task_deleted message;
  return message.ParseFromString(payload)
         && set_exit(message.container_id(), message.id(), message.exit_status(),
                     message.exited_at(), event);
}

struct event_type {
  std::string_view type_url;
  runtime_event_kind kind;
  decoder decode;
};

constexpr event_type event_types[] = {
    {"containerd.events.ContainerCreate", runtime_event_kind::created, decode_created},
    {"containerd.events.ContainerUpdate", runtime_event_kind::updated,
     decode_id<containerd::container_updated>},
    {"containerd.events.ContainerDelete", runtime_event_kind::removed,
     decode_id<containerd::container_created>},
    {"containerd.events.TaskStart", runtime_event_kind::started, decode_task},
    {"containerd.events.TaskExit", runtime_event_kind::exited, decode_exit},
    {"containerd.events.TaskDelete", runtime_event_kind::exited, decode_task_deleted},
    {"containerd.events.TaskOOM", runtime_event_kind::oom_killed, decode_task},
    {"containerd.events.TaskPaused", runtime_event_kind::paused, decode_task},
    {"containerd.events.TaskResumed", runtime_event_kind::resumed, decode_task},
};

// "type.googleapis.com/containerd.events.TaskExit" or without the prefix: both are seen.
std::string_view bare_type(std::string_view type_url) {
  const auto slash = type_url.rfind('/');
  return slash == std::string_view::npos ? type_url : type_url.substr(slash + 1);
}

} // namespace

container_metadata to_metadata(const containerd::container_record& record,
                               const std::string& name_space) {
  container_metadata result;
  result.runtime = runtime_of(name_space);
  result.id = record.id();
  result.name_space = name_space;
  result.image = record.image();
  result.state = container_state::created;
  result.created_ns = to_ns(record.created_at());
  for (const auto& label : record.labels())
    if (result.labels.size() < 4 * runtime_bounds::labels) // bound() leaves the first of them
      result.labels.emplace(label.key(), label.value());
  result.name = name_from(result.labels);
  result.sandbox = is_sandbox(result.labels);
  bound(result);
  return result;
}

void apply_task(container_metadata& metadata, const containerd::task_process& task) {
  metadata.state = state_of(task.status());
  if (metadata.state == container_state::exited) {
    metadata.exit_code = static_cast<int>(task.exit_status());
    metadata.finished_ns = to_ns(task.exited_at());
  } else {
    metadata.pid = task.pid();
  }
}

std::optional<runtime_event> to_event(const containerd::envelope& envelope) {
  const auto type_url = bare_type(envelope.event().type_url());
  for (const auto& [name, kind, decode] : event_types) {
    if (name != type_url)
      continue;
    runtime_event event;
    event.kind = kind;
    if (!decode(envelope.event().value(), event) || !plausible_id(event.metadata.id)
        || !plausible_id(envelope.name_space()))
      return std::nullopt;
    event.time_ns = to_ns(envelope.timestamp());
    event.metadata.name_space = envelope.name_space();
    event.metadata.runtime = runtime_of(envelope.name_space());
    bound(event.metadata);
    return event;
  }
  return std::nullopt;
}

} // namespace troupe
