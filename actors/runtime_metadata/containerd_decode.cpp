// SPDX-License-Identifier: Apache-2.0
#include "actors/runtime_metadata/containerd_decode.hpp"

#include "actors/runtime_metadata/metadata_bounds.hpp"

#include <algorithm>
#include <limits>

namespace troupe {

int64_t to_ns(const containerd::timestamp& time) {
  constexpr int64_t second = 1'000'000'000;
  // A time that was never set is year 1, which is before 1970.
  if (time.seconds() <= 0 || time.seconds() >= std::numeric_limits<int64_t>::max() / second
      || time.nanos() < 0 || time.nanos() >= second)
    return 0;
  return time.seconds() * second + time.nanos();
}

runtime_kind runtime_of(std::string_view name_space) {
  return name_space == moby_namespace ? runtime_kind::docker : runtime_kind::containerd;
}

namespace {

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

bool decode_exec_started(const std::string& payload, runtime_event& event) {
  containerd::exec_started message;
  if (!message.ParseFromString(payload))
    return false;
  event.metadata.id = message.container_id();
  event.exec.id = message.exec_id();
  event.exec.pid = message.pid();
  return true;
}

// The init process is called like its container; others were exec'ed.
bool decode_exit(const std::string& payload, runtime_event& event) {
  containerd::task_exited message;
  if (!message.ParseFromString(payload))
    return false;
  event.metadata.id = message.container_id();
  if (!message.id().empty() && message.id() != message.container_id()) {
    event.kind = runtime_event_kind::exec_exited;
    event.exec.id = message.id();
    event.exec.pid = message.pid();
    event.exec.exit_code = static_cast<int>(message.exit_status());
    return true;
  }
  event.metadata.exit_code = static_cast<int>(message.exit_status());
  event.metadata.finished_ns = to_ns(message.exited_at());
  return true;
}

// An older containerd leaves the id empty for the init process. Of others the exit said it all.
bool decode_task_deleted(const std::string& payload, runtime_event& event) {
  containerd::task_deleted message;
  if (!message.ParseFromString(payload)
      || (!message.id().empty() && message.id() != message.container_id()))
    return false;
  event.metadata.id = message.container_id();
  event.metadata.exit_code = static_cast<int>(message.exit_status());
  event.metadata.finished_ns = to_ns(message.exited_at());
  return true;
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
    {"containerd.events.TaskExecStarted", runtime_event_kind::exec_started, decode_exec_started},
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
    event.exec.id.resize(std::min(event.exec.id.size(), runtime_bounds::name_bytes));
    bound(event.metadata);
    return event;
  }
  return std::nullopt;
}

bool told_exits::is_news(const containerd::envelope& envelope, const runtime_event& event) {
  constexpr size_t most = 4096; // Each is deleted soon, but for those whose deletion was lost.
  if (event.kind == runtime_event_kind::started)
    told_.erase({event.metadata.name_space, event.metadata.id});
  if (event.kind != runtime_event_kind::exited)
    return true;
  if (told_.size() >= most)
    told_.clear();
  const auto is_new = told_.emplace(event.metadata.name_space, event.metadata.id).second;
  const bool deleted = bare_type(envelope.event().type_url()) == "containerd.events.TaskDelete";
  if (deleted)
    told_.erase({event.metadata.name_space, event.metadata.id});
  return is_new || !deleted;
}

} // namespace troupe
