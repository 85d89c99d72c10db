// SPDX-License-Identifier: Apache-2.0
// A bundle as somebody hostile leaves it: the monitor's command line (one argument a line), a line
// "--", the spec, a line "--", and what docker wrote down. The command line of a process is its
// own.

#include "actors/runtime_metadata/bundle_metadata.hpp"
#include "actors/runtime_metadata/metadata_bounds.hpp"
#include "tests/fuzz/expect.hpp"

namespace {

using namespace troupe;
using fuzz::expect;

constexpr std::string_view separator = "\n--\n";

std::string_view next_section(std::string_view& rest) {
  const auto end = rest.find(separator);
  const auto section = rest.substr(0, end);
  rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + separator.size());
  return section;
}

void check(const container_metadata& x) {
  for (const auto* text : {&x.id, &x.name, &x.name_space, &x.pod, &x.sandbox_id, &x.oci_runtime,
                           &x.health, &x.image_digest})
    expect(text->size() <= runtime_bounds::name_bytes, "a name is bounded");
  expect(x.labels.size() <= runtime_bounds::labels, "labels are bounded");
  expect(x.details && x.details->mounts.size() <= runtime_bounds::mounts
             && x.details->command.size() <= runtime_bounds::texts
             && x.details->environment.size() <= runtime_bounds::texts,
         "details are there, and bounded");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  auto rest = fuzz::text_of(data, size);
  auto command_line = next_section(rest);
  const auto spec = next_section(rest);
  std::vector<std::string> arguments;
  while (!command_line.empty() && arguments.size() < 1000)
    arguments.emplace_back(fuzz::next_part(command_line, '\n'));
  auto claim = parse_monitor(arguments);
  if (claim) {
    expect(plausible_id(claim->id), "an id is one");
    expect(claim->name.size() <= runtime_bounds::name_bytes, "a name is bounded");
    const bool is_conmon = claim->runtime == runtime_kind::podman;
    expect(is_conmon == (claim->bundle.starts_with('/') && claim->pid_file.starts_with('/')),
           "conmon has absolute paths, a shim has none");
  }
  is_hosts_process(spec);
  if (!claim)
    claim = monitor_claim{runtime_kind::docker, "a1", "moby", "", "", "", ""};
  auto answer = parse_bundle(*claim, spec, {.pid = 7, .started_ns = 5, .written = true});
  if (!answer)
    return 0;
  auto& metadata = answer->metadata;
  check(metadata);
  expect(metadata.pid == 7 && metadata.state == container_state::running, "it runs");
  apply_docker_record(rest, metadata);
  check(metadata);
  found_bundle infra;
  infra.claim = *claim;
  apply_infra(infra, spec, {.pid = 7}, metadata);
  check(metadata);
  return 0;
}
