// SPDX-License-Identifier: Apache-2.0
// A CRI runtime that says anything. The first byte chooses: an event, the answer about a container
// or about a sandbox, a list, or the JSON that containerd keeps in its records.

#include "actors/runtime_metadata/cri_decode.hpp"
#include "actors/runtime_metadata/cri_record.hpp"
#include "actors/runtime_metadata/metadata_bounds.hpp"
#include "tests/fuzz/expect.hpp"

#include <string>

namespace {

using namespace troupe;
using fuzz::expect;

void check(const container_metadata& x) {
  for (const auto* text : {&x.id, &x.name, &x.image_digest, &x.sandbox_id, &x.oci_runtime})
    expect(text->size() <= runtime_bounds::name_bytes, "a name is bounded");
  expect(x.image.size() <= runtime_bounds::image_bytes, "an image's name is bounded");
  expect(x.labels.size() <= runtime_bounds::labels, "labels are bounded");
  expect(x.created_ns >= 0 && x.started_ns >= 0 && x.finished_ns >= 0, "no time is before 1970");
  expect(x.sandbox || (x.state == container_state::exited) == x.exit_code.has_value() || !x.details,
         "who ended has an exit code");
  if (!x.details)
    return;
  expect(x.details->annotations.size() <= runtime_bounds::labels, "annotations are bounded");
  expect(x.details->mounts.size() <= runtime_bounds::mounts, "mounts are bounded");
  expect(x.details->networks.size() <= runtime_bounds::networks, "networks are bounded");
}

void read_event(const std::string& bytes) {
  cri::container_event message;
  if (!message.ParseFromString(bytes))
    return;
  if (const auto event = to_event(message)) {
    check(event->metadata);
    expect(plausible_id(event->metadata.id), "an event's id may stand in a request");
    expect(event->time_ns >= 0, "no event is before 1970");
  }
}

template <class Response, class Read>
void read_answer(const std::string& bytes, Read read) {
  Response response;
  if (!response.ParseFromString(bytes))
    return;
  container_metadata metadata = read(response.status());
  check(metadata);
  for (const auto& x : response.info())
    apply_info(metadata, parse_cri_info(x.value()), cri_pod{});
  check(metadata);
}

void read_lists(const std::string& bytes) {
  cri::list_containers_response containers;
  if (containers.ParseFromString(bytes))
    for (const auto& x : containers.containers())
      check(to_metadata(x, cri_pod{}));
  cri::list_sandboxes_response sandboxes;
  if (sandboxes.ParseFromString(bytes))
    for (const auto& x : sandboxes.items())
      check(to_metadata(x));
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0)
    return 0;
  const std::string bytes{fuzz::text_of(data + 1, size - 1)};
  switch (data[0] % 5) {
    case 0:
      read_event(bytes);
      break;
    case 1:
      read_answer<cri::container_status_response>(
          bytes, [](const auto& status) { return to_metadata(status, cri_pod{}); });
      break;
    case 2:
      read_answer<cri::sandbox_status_response>(
          bytes, [](const auto& status) { return to_metadata(status); });
      break;
    case 3:
      read_lists(bytes);
      break;
    default:
      expect(parse_cri_record(bytes).networks.size() <= runtime_bounds::networks + 1,
             "networks are bounded");
  }
  return 0;
}
