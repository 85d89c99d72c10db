// SPDX-License-Identifier: Apache-2.0
#include "messages/container_metadata.hpp"

#include <tuple>

namespace troupe {

namespace {

auto all_but_details(const container_metadata& x) {
  return std::tie(x.runtime, x.id, x.name, x.name_space, x.image, x.image_digest, x.state, x.pid,
                  x.created_ns, x.started_ns, x.finished_ns, x.exit_code, x.oom_killed, x.restarts,
                  x.labels, x.health, x.pod, x.sandbox_id, x.oci_runtime, x.nomad, x.systemd_type,
                  x.systemd_triggered_by, x.sandbox);
}

} // namespace

bool operator==(const container_metadata& a, const container_metadata& b) {
  if (all_but_details(a) != all_but_details(b))
    return false;
  return a.details == b.details || (a.details && b.details && *a.details == *b.details);
}

bool holds_whole_pod(const container_metadata& sandbox) {
  const auto names = [&](std::string_view runtime) {
    return sandbox.oci_runtime.find(runtime) != std::string::npos;
  };
  return sandbox.sandbox && (names("runsc") || names("gvisor") || names("kata"));
}

} // namespace troupe
