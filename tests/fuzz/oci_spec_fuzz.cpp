// SPDX-License-Identifier: Apache-2.0
// A config.json that says anything.

#include "actors/runtime_metadata/metadata_bounds.hpp"
#include "actors/runtime_metadata/oci_spec.hpp"
#include "tests/fuzz/expect.hpp"

namespace {

using namespace troupe;
using fuzz::expect;

void check(const container_details& x) {
  for (const auto* texts : {&x.command, &x.environment}) {
    expect(texts->size() <= runtime_bounds::texts, "texts are bounded in number");
    for (const auto& text : *texts)
      expect(text.size() <= runtime_bounds::text_bytes, "a text is bounded");
  }
  expect(x.annotations.size() <= runtime_bounds::labels, "annotations are bounded");
  for (const auto& [key, value] : x.annotations)
    expect(key.size() <= runtime_bounds::label_key_bytes
               && value.size() <= runtime_bounds::label_value_bytes,
           "an annotation is bounded");
  expect(x.mounts.size() <= runtime_bounds::mounts, "mounts are bounded");
  for (const auto& mount : x.mounts)
    expect(!mount.destination.empty() && mount.destination.size() <= runtime_bounds::text_bytes
               && mount.source.size() <= runtime_bounds::text_bytes,
           "a mount is bounded");
  expect(x.namespaces.size() <= 7, "only the kinds of /proc/<pid>/ns are told");
  expect(x.hostname.size() <= runtime_bounds::name_bytes, "a hostname is bounded");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  auto spec = parse_oci_spec(fuzz::text_of(data, size));
  if (!spec)
    return 0;
  check(spec->details);
  expect(!spec->nomad.alloc.empty() || spec->nomad == nomad_task{}, "a task has an allocation");
  container_metadata metadata;
  apply_annotations(metadata, spec->details);
  check(spec->details);
  expect(metadata.name.size() <= runtime_bounds::name_bytes
             && metadata.image.size() <= runtime_bounds::image_bytes,
         "what annotations say is bounded");
  return 0;
}
