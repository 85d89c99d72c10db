// SPDX-License-Identifier: Apache-2.0
#include "actors/runtime_metadata/podman_client.hpp"

#include "actors/runtime_metadata/docker_http.hpp"
#include "actors/runtime_metadata/metadata_bounds.hpp"
#include "actors/runtime_metadata/podman_execs.hpp"
#include "actors/runtime_metadata/unix_http.hpp"

#include <chrono>
#include <string_view>

namespace troupe {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr size_t version_bytes = 256U << 10;
constexpr size_t pods_max = 4096;

// podman answers to any version from its oldest to its own; there is none without.
constexpr std::string_view api = "/v4.0.0/libpod";

// {"type":["container"]}, encoded for a URL.
constexpr std::string_view events_path =
    "/events?stream=true&filters=%7B%22type%22%3A%5B%22container%22%5D%7D&since=";

constexpr std::string_view expected = "podman, version 4.0 or newer";

call_limits rest_of(const call_limits& limits, steady_clock::time_point begun) {
  const auto took = std::chrono::ceil<milliseconds>(steady_clock::now() - begun);
  return {std::max(limits.timeout - took, milliseconds{1}), limits.stop};
}

} // namespace

call_result<std::string> podman_client::get(const std::string& path, size_t body_max,
                                            const call_limits& limits) const {
  return get_body(endpoint_, std::string{api} + path, body_max, expected, limits);
}

call_result<std::string> podman_client::version(const call_limits& limits) {
  auto body = get("/version", version_bytes, limits);
  return body ? parse_podman_version(*body) : body.error();
}

call_result<std::vector<container_answer>> podman_client::list(const call_limits& limits) {
  auto body = get("/containers/json?all=true", runtime_bounds::list_bytes, limits);
  if (!body)
    return body.error();
  auto listed = parse_podman_list(*body);
  if (!listed)
    return listed.error();
  for (const auto& pod : listed->pods)
    remember(pod);
  return std::move(listed->containers);
}

call_result<container_answer> podman_client::inspect(const container_query& query,
                                                     const call_limits& limits) {
  const auto begun = steady_clock::now();
  const call_error unknown{ec::unknown_container,
                           endpoint_.socket + " knows no container " + query.id};
  if (!plausible_id(query.id))
    return unknown;
  auto body = get("/containers/" + query.id + "/json", runtime_bounds::inspect_bytes, limits);
  if (!body)
    return body.error();
  auto found = parse_podman_container(*body);
  if (!found)
    return found.error();
  // podman also answers to names and to the beginning of an id, as docker does.
  auto& metadata = found->answer.metadata;
  if (metadata.id != query.id)
    return unknown;
  if (found->pod_id.empty())
    return std::move(found->answer);
  auto pod = find_pod(found->pod_id, rest_of(limits, begun));
  if (!pod) // Without its pod it would go by a wrong name.
    return pod.error();
  if (metadata.sandbox && pod->infra_id.empty()) {
    pod->infra_id = metadata.id;
    remember(*pod);
  }
  apply_pod(*pod, metadata);
  return std::move(found->answer);
}

call_error podman_client::watch(const event_observer& observer, const call_limits& limits) {
  // The head of the answer may come before podman looks for events: ask for those since now.
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const auto since = std::chrono::duration_cast<std::chrono::seconds>(now).count();
  call_error reason;
  podman_execs execs;
  const http_stream_observer lines{
      .opened =
          [&](long status) {
            if (status != 200) {
              reason = refused_by(endpoint_, status, {}, expected);
              return false;
            }
            observer.opened();
            return true;
          },
      .line =
          [&](std::string_view line) {
            auto event = parse_podman_event(line);
            if (!event) {
              reason = event.error();
              return false;
            }
            if (!*event || !execs.admit((*event)->event))
              return true;
            name_pod(**event);
            observer.event(std::move((*event)->event));
            return true;
          },
  };
  auto error =
      http_stream(endpoint_, std::string{api} + std::string{events_path} + std::to_string(since),
                  runtime_bounds::event_bytes, lines, limits);
  return error.code == ec::none ? reason : error;
}

void podman_client::remember(const podman_pod& pod) {
  const std::lock_guard lock{mutex_};
  if (pods_.size() >= pods_max && !pods_.contains(pod.id))
    pods_.clear(); // Those that still matter are asked for again.
  auto& known = pods_[pod.id];
  const auto infra_id = std::move(known.infra_id);
  known = pod;
  if (known.infra_id.empty())
    known.infra_id = infra_id;
}

std::optional<podman_pod> podman_client::known_pod(const std::string& id) const {
  const std::lock_guard lock{mutex_};
  const auto i = pods_.find(id);
  return i == pods_.end() ? std::nullopt : std::optional{i->second};
}

call_result<podman_pod> podman_client::find_pod(const std::string& id, const call_limits& limits) {
  if (auto known = known_pod(id))
    return *known;
  auto body = get("/pods/" + id + "/json", runtime_bounds::inspect_bytes, limits);
  if (!body)
    return body.error();
  auto pod = parse_podman_pod(*body);
  if (pod && pod->id != id)
    return call_error{ec::runtime_garbage, endpoint_.socket + " answered about another pod"};
  if (pod)
    remember(*pod);
  return pod;
}

// An event has its pod's id only. Where the pod is new a lookup has to tell its name.
void podman_client::name_pod(podman_event& event) const {
  if (event.pod_id.empty())
    return;
  const auto pod = known_pod(event.pod_id);
  if (!pod)
    return;
  apply_pod(*pod, event.event.metadata);
  event.event.named = !event.event.metadata.name.empty();
}

} // namespace troupe
