// SPDX-License-Identifier: Apache-2.0
// Who a container is, from a path that it may have made itself and labels that anybody wrote. The
// input is texts with NUL between: path, runtime, id, name, namespace, then values of labels.

#include "actors/registry/cgroup_path.hpp"
#include "actors/registry/container_id.hpp"
#include "actors/registry/path_forms.hpp"
#include "actors/registry/pod_name.hpp"
#include "tests/fuzz/expect.hpp"

#include <algorithm>
#include <array>
#include <string>

namespace {

using namespace troupe;
using fuzz::expect;

constexpr size_t path_bytes_max = 4096;
constexpr size_t part_bytes_max = 256;

constexpr std::array label_keys{"io.kubernetes.pod.namespace",  "io.kubernetes.pod.name",
                                "io.kubernetes.container.name", "com.docker.swarm.task.name",
                                "com.docker.stack.namespace",   "nerdctl/name"};

void check_cgroup(const cgroup_identity& x, std::string_view path) {
  expect(!has_control(x.id) && !has_control(x.pod_uid) && !has_control(x.name_space),
         "nothing of a path brings control bytes along");
  expect(x.id.size() <= path_bytes_max, "an id is no longer than a path");
  expect(x.pod_uid.empty() || x.pod_uid.size() == 32 || x.pod_uid.size() == 36,
         "a pod's uid has one of its two forms");
  expect(x.name_space.empty() || is_containerd_name(x.name_space), "a namespace has its form");
  const bool has_id = x.kind == cgroup_kind::container || x.kind == cgroup_kind::service
                      || x.kind == cgroup_kind::session;
  expect(has_id == !x.id.empty(), "containers, services and sessions have an id, others none");
  if (x.kind == cgroup_kind::container)
    expect(x.id.find('/') == x.id.npos && x.id != "." && x.id != "..", "an id is one name");
  if (x.kind != cgroup_kind::container && x.runtime == runtime_kind::systemd)
    expect(path.starts_with(x.id), "a unit's id is the front of its path");
}

void check_text(std::string_view x) {
  expect(x.size() <= part_bytes_max, "a part is bounded");
  expect(!has_control(x) && x.find('/') == x.npos, "a part is harmless");
}

/// Every part one that somebody may have chosen, none that poses as a further level.
void check_id(std::string_view id, bool of_unit) {
  if (id.empty())
    return;
  expect(id.front() == '/', "an id begins with a slash");
  expect(!has_control(id), "an id has no control bytes");
  expect(id.size() <= (of_unit ? path_bytes_max : 5 * (part_bytes_max + 1)), "an id is bounded");
  expect(of_unit || std::count(id.begin(), id.end(), '/') <= 4, "an id has a few parts only");
  std::string_view rest = id.substr(1);
  while (!rest.empty()) {
    const auto part = fuzz::next_part(rest, '/');
    expect(!part.empty() && part != "." && part != "..", "no part of an id is empty or a dot");
    expect(of_unit || part.size() <= part_bytes_max, "a part of an id is bounded");
  }
  expect(id.back() != '/', "an id does not end with a slash");
}

void check_identity(const container_identity& x, bool of_unit) {
  check_id(x.container_id, of_unit);
  check_id(x.app_id, of_unit);
  expect(x.container_id.empty() == x.app_id.empty(), "both ids, or none");
  check_text(x.name_space);
  check_text(x.pod);
  check_text(x.container);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  auto rest = fuzz::text_of(data, size);
  const auto path = fuzz::next_part(rest, '\0');
  const auto cgroup = parse_cgroup_path(path);
  check_cgroup(cgroup, path);
  expect(cgroup == parse_cgroup_path(std::string{path}), "the same path means the same");
  const bool of_unit = cgroup.runtime == runtime_kind::systemd;
  const auto fallback = identify(cgroup);
  check_identity(fallback, of_unit);

  container_metadata metadata;
  metadata.runtime = runtime_kind_from(fuzz::next_part(rest, '\0'));
  metadata.id = fuzz::next_part(rest, '\0');
  metadata.name = fuzz::next_part(rest, '\0');
  metadata.name_space = fuzz::next_part(rest, '\0');
  for (const auto* key : label_keys)
    if (const auto value = fuzz::next_part(rest, '\0'); !value.empty())
      metadata.labels.emplace(key, value);
  const auto named = identify(cgroup, metadata);
  const bool by_runtime = !metadata.labels.empty() || metadata.runtime != runtime_kind::unknown;
  check_identity(named, of_unit && (!by_runtime || named.container_id == cgroup.id));
  expect(needs_runtime(cgroup) || !fallback.provisional, "who needs no runtime is known at once");

  const auto owner = owner_of_pod(rest);
  expect(owner.name.size() <= rest.size(), "an owner's name is part of its pod's");
  return 0;
}
