// SPDX-License-Identifier: Apache-2.0
// A docker socket that says anything: every answer is read by every reader.

#include "actors/runtime_metadata/docker_json.hpp"
#include "actors/runtime_metadata/metadata_bounds.hpp"
#include "tests/fuzz/expect.hpp"

namespace {

using namespace troupe;
using fuzz::expect;

void check(const container_metadata& x) {
  expect(x.runtime == runtime_kind::docker, "docker's answers are about docker's containers");
  expect(!x.id.empty(), "a container has an id");
  for (const auto* text : {&x.id, &x.name, &x.name_space, &x.image_digest})
    expect(text->size() <= runtime_bounds::name_bytes, "a name is bounded");
  expect(x.image.size() <= runtime_bounds::image_bytes, "an image's name is bounded");
  expect(x.labels.size() <= runtime_bounds::labels, "labels are bounded");
  for (const auto& [key, value] : x.labels)
    expect(key.size() <= runtime_bounds::label_key_bytes
               && value.size() <= runtime_bounds::label_value_bytes,
           "a label is bounded");
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
  if (auto container = parse_docker_container(text); succeeded(container)) {
    check(container->metadata);
    const bool ended = container->metadata.state == container_state::exited;
    expect(ended == container->metadata.exit_code.has_value(), "who ended has an exit code");
    expect(ended || container->metadata.finished_ns == 0, "who did not end has no such time");
  }
  if (auto list = parse_docker_list(text); succeeded(list)) {
    expect(list->size() <= runtime_bounds::containers, "a list is bounded");
    for (const auto& x : *list) {
      check(x.metadata);
      expect(!x.complete, "a list never tells all");
    }
  }
  if (auto event = parse_docker_event(text); succeeded(event) && *event) {
    check((*event)->metadata);
    expect(plausible_id((*event)->metadata.id), "an event's id may stand in a URL");
    expect((*event)->named == !(*event)->metadata.name.empty(), "named with a name");
  }
  if (auto version = parse_docker_version(text); succeeded(version))
    expect(!version->empty() && version->size() <= runtime_bounds::name_bytes,
           "a version is bounded");
  expect(parse_docker_error(text).size() <= runtime_bounds::name_bytes, "an error is bounded");
  return 0;
}
