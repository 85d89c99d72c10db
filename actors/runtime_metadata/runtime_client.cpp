// SPDX-License-Identifier: Apache-2.0
#include "actors/runtime_metadata/runtime_client.hpp"

#include "actors/runtime_metadata/bundle_client.hpp"
#include "actors/runtime_metadata/containerd_client.hpp"
#include "actors/runtime_metadata/cri_client.hpp"
#include "actors/runtime_metadata/docker_client.hpp"
#include "actors/runtime_metadata/podman_client.hpp"
#include "actors/runtime_metadata/systemd_client.hpp"

#include <algorithm>

namespace troupe {

std::shared_ptr<runtime_client> make_runtime_client(const runtime_endpoint& endpoint) {
  if (endpoint.kind == runtime_kind::containerd)
    return std::make_shared<containerd_client>(endpoint);
  if (endpoint.kind == runtime_kind::systemd)
    return std::make_shared<systemd_client>(endpoint);
  if (endpoint.kind == runtime_kind::crio)
    return std::make_shared<cri_client>(endpoint);
  if (endpoint.kind == runtime_kind::podman)
    return std::make_shared<podman_client>(endpoint);
  if (endpoint.kind == runtime_kind::unknown)
    return std::make_shared<bundle_client>(endpoint);
  return std::make_shared<docker_client>(endpoint);
}

call_result<std::vector<container_answer>> list_in_full(runtime_client& client,
                                                        const call_limits& limits) {
  using std::chrono::milliseconds;
  const auto end = std::chrono::steady_clock::now() + limits.timeout;
  auto listed = client.list(limits);
  if (!listed)
    return listed;
  for (auto& answer : *listed) {
    if (answer.complete)
      continue;
    const auto left = std::chrono::floor<milliseconds>(end - std::chrono::steady_clock::now());
    if (left <= milliseconds{0} || limits.stop.stop_requested())
      break;
    const container_query query{answer.metadata.id, answer.metadata.name_space};
    // Who was removed in between is shown as it was listed.
    if (auto full = client.inspect(query, {left, limits.stop}))
      answer = std::move(*full);
  }
  return listed;
}

} // namespace troupe
