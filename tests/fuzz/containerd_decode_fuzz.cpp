// SPDX-License-Identifier: Apache-2.0
// containerd's messages with any content. The first byte chooses: a container with its task, an
// envelope as it is, or an envelope around an event of a certain type.

#include "actors/runtime_metadata/containerd_decode.hpp"
#include "actors/runtime_metadata/metadata_bounds.hpp"
#include "tests/fuzz/expect.hpp"

#include <array>
#include <string>

namespace {

using namespace troupe;
using fuzz::expect;

constexpr std::array event_types{
    "containerd.events.ContainerCreate", "containerd.events.ContainerUpdate",
    "containerd.events.ContainerDelete", "containerd.events.TaskStart",
    "containerd.events.TaskExit",        "containerd.events.TaskDelete",
    "containerd.events.TaskOOM",         "type.googleapis.com/containerd.events.TaskPaused",
    "containerd.events.TaskResumed",     "containerd.events.TaskExecStarted"};

void check(const container_metadata& x) {
  expect(x.runtime == runtime_kind::containerd || x.runtime == runtime_kind::docker,
         "containerd's containers are its own or docker's");
  for (const auto* text : {&x.id, &x.name, &x.name_space})
    expect(text->size() <= runtime_bounds::name_bytes, "a name is bounded");
  expect(x.image.size() <= runtime_bounds::image_bytes, "an image's name is bounded");
  for (const auto* text : {&x.sandbox_id, &x.oci_runtime, &x.nomad.job})
    expect(text->size() <= runtime_bounds::name_bytes, "a name is bounded");
  expect(x.labels.size() <= runtime_bounds::labels, "labels are bounded");
  for (const auto& [key, value] : x.labels)
    expect(key.size() <= runtime_bounds::label_key_bytes
               && value.size() <= runtime_bounds::label_value_bytes,
           "a label is bounded");
  expect(x.created_ns >= 0 && x.started_ns >= 0 && x.finished_ns >= 0, "no time is before 1970");
}

void check_event(const containerd::envelope& envelope) {
  const auto event = to_event(envelope);
  if (!event)
    return;
  check(event->metadata);
  expect(event->exec.id.size() <= runtime_bounds::name_bytes, "the id of an exec is bounded");
  expect(plausible_id(event->metadata.id), "an event's id may stand in a request");
  expect(plausible_id(event->metadata.name_space), "so may its namespace");
  expect(event->time_ns >= 0, "no event is before 1970");
}

void read_container(const std::string& bytes) {
  containerd::get_container_response response;
  containerd::get_task_response task;
  const bool has_task = task.ParseFromString(bytes);
  if (!response.ParseFromString(bytes) && !has_task)
    return;
  auto metadata = to_metadata(response.container(), "k8s.io");
  check(metadata);
  expect(metadata.state == container_state::created && !metadata.exit_code,
         "without a task a container has not run");
  apply_task(metadata, task.process());
  check(metadata);
  expect((metadata.state == container_state::exited) == metadata.exit_code.has_value(),
         "who ended has an exit code");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0)
    return 0;
  const std::string bytes{fuzz::text_of(data + 1, size - 1)};
  if (data[0] == 0) {
    read_container(bytes);
    return 0;
  }
  containerd::envelope envelope;
  if (data[0] == 1) {
    if (envelope.ParseFromString(bytes))
      check_event(envelope);
    return 0;
  }
  envelope.set_name_space("default");
  envelope.mutable_event()->set_type_url(event_types[data[0] % event_types.size()]);
  envelope.mutable_event()->set_value(bytes);
  check_event(envelope);
  return 0;
}
