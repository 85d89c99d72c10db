// SPDX-License-Identifier: Apache-2.0
// A podman socket that says anything: every answer is read by every reader.

#include "actors/runtime_metadata/metadata_bounds.hpp"
#include "actors/runtime_metadata/podman_execs.hpp"
#include "actors/runtime_metadata/podman_json.hpp"
#include "tests/fuzz/expect.hpp"

namespace {

using namespace troupe;
using fuzz::expect;

void check(const container_metadata& x) {
  expect(x.runtime == runtime_kind::podman, "podman's answers are about podman's containers");
  expect(!x.id.empty(), "a container has an id");
  for (const auto* text :
       {&x.id, &x.name, &x.image_digest, &x.health, &x.pod, &x.sandbox_id, &x.oci_runtime})
    expect(text->size() <= runtime_bounds::name_bytes, "a name is bounded");
  expect(x.labels.size() <= runtime_bounds::labels, "labels are bounded");
  if (!x.details)
    return;
  expect(x.details->command.size() <= runtime_bounds::texts, "a command is bounded");
  expect(x.details->mounts.size() <= runtime_bounds::mounts, "mounts are bounded");
  expect(x.details->networks.size() <= runtime_bounds::networks, "networks are bounded");
}

template <class T>
bool succeeded(call_result<T>& result) {
  if (result)
    return true;
  expect(result.error().code == ec::runtime_garbage, "what cannot be read is garbage");
  expect(!result.error().message.empty(), "and says so");
  return false;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto text = fuzz::text_of(data, size);
  if (auto container = parse_podman_container(text); succeeded(container)) {
    auto& metadata = container->answer.metadata;
    check(metadata);
    expect(metadata.details != nullptr, "an inspected container has details");
    expect(container->pod_id.empty() || plausible_id(container->pod_id),
           "a pod's id may stand in a URL");
    apply_pod({container->pod_id, "pod", metadata.sandbox ? metadata.id : "infra"}, metadata);
    expect(metadata.sandbox != (metadata.sandbox_id == "infra"), "a sandbox has none");
  }
  if (auto list = parse_podman_list(text); succeeded(list)) {
    expect(list->containers.size() <= runtime_bounds::containers, "a list is bounded");
    for (const auto& x : list->containers) {
      check(x.metadata);
      expect(!x.complete, "a list never tells all");
    }
    for (const auto& pod : list->pods)
      expect(plausible_id(pod.id), "a pod has an id");
  }
  if (auto pod = parse_podman_pod(text); succeeded(pod))
    expect(!pod->id.empty() && pod->name.size() <= runtime_bounds::name_bytes, "a pod is bounded");
  if (auto event = parse_podman_event(text); succeeded(event) && *event) {
    auto& told = (*event)->event;
    check(told.metadata);
    expect(plausible_id(told.metadata.id), "an event's id may stand in a URL");
    expect(!told.named || (*event)->pod_id.empty(), "in a pod nobody is named by an event alone");
    podman_execs execs;
    const bool end_of_exec = told.kind == runtime_event_kind::exec_exited;
    expect(execs.admit(told) != end_of_exec, "an exec that never began does not end");
  }
  if (auto version = parse_podman_version(text); succeeded(version))
    expect(!version->empty() && version->size() <= runtime_bounds::name_bytes,
           "a version is bounded");
  return 0;
}
