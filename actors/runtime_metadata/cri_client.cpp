// SPDX-License-Identifier: Apache-2.0
#include "actors/runtime_metadata/cri_client.hpp"

#include "actors/runtime_metadata/cri_changes.hpp"
#include "actors/runtime_metadata/cri_decode.hpp"
#include "actors/runtime_metadata/metadata_bounds.hpp"
#include "actors/runtime_metadata/time_budget.hpp"

#include <condition_variable>
#include <map>
#include <mutex>

namespace troupe {
namespace {

using std::chrono::milliseconds;

constexpr auto version_path = "/runtime.v1.RuntimeService/Version";
constexpr auto containers_path = "/runtime.v1.RuntimeService/ListContainers";
constexpr auto container_path = "/runtime.v1.RuntimeService/ContainerStatus";
constexpr auto sandboxes_path = "/runtime.v1.RuntimeService/ListPodSandbox";
constexpr auto sandbox_path = "/runtime.v1.RuntimeService/PodSandboxStatus";
constexpr auto events_path = "/runtime.v1.RuntimeService/GetContainerEvents";

// As often as the kubelet does.
constexpr milliseconds poll_interval{1000};

// The JSON among a verbose answer's pairs.
template <class Reply>
cri_info info_of(const Reply& reply) {
  for (const auto& x : reply.info())
    if (x.key() == "info")
      return parse_cri_info(x.value());
  return {};
}

void sleep_for(milliseconds time, const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any woken;
  std::unique_lock lock{mutex};
  woken.wait_for(lock, stop, time, [] { return false; });
}

} // namespace

call_error cri_client::ask_version(cri::version_response& reply, const call_limits& limits) {
  return channel_.call({version_path, {}}, cri::version_request{}, reply, limits);
}

call_result<std::string> cri_client::version(const call_limits& limits) {
  cri::version_response reply;
  if (auto error = ask_version(reply, limits); error.code != ec::none)
    return error;
  auto version = reply.runtime_name() + " " + reply.runtime_version();
  version.resize(std::min(version.size(), runtime_bounds::name_bytes));
  return version;
}

call_result<std::vector<container_answer>> cri_client::list(const call_limits& limits) {
  const time_budget budget{limits};
  // Containers first: no sandbox goes before its containers do, so each is found then.
  cri::list_containers_response containers;
  auto error = channel_.call({containers_path, {}}, cri::list_containers_request{}, containers,
                             budget.rest());
  if (error.code != ec::none)
    return error;
  cri::list_sandboxes_response sandboxes;
  error =
      channel_.call({sandboxes_path, {}}, cri::list_sandboxes_request{}, sandboxes, budget.rest());
  if (error.code != ec::none)
    return error;
  std::vector<container_answer> result;
  std::map<std::string, cri_pod> pods;
  for (const auto& x : sandboxes.items()) {
    if (!plausible_id(x.id()) || result.size() >= runtime_bounds::containers)
      continue;
    pods.emplace(x.id(), to_pod(x));
    auto metadata = to_metadata(x);
    const bool shown = holds_whole_pod(metadata);
    result.push_back({std::move(metadata), !shown});
  }
  for (const auto& x : containers.containers())
    if (plausible_id(x.id()) && result.size() < runtime_bounds::containers) {
      const auto pod = pods.find(x.pod_sandbox_id());
      result.push_back({to_metadata(x, pod == pods.end() ? cri_pod{} : pod->second), false});
    }
  return result;
}

// A pod that cannot be had costs its name only where the container's labels do not tell it.
cri_pod cri_client::pod_of(const std::string& container_id, std::string sandbox_id,
                           const call_limits& limits) {
  const time_budget budget{limits};
  if (sandbox_id.empty()) {
    cri::list_containers_request request;
    request.mutable_filter()->set_id(container_id);
    cri::list_containers_response reply;
    if (channel_.call({containers_path, {}}, request, reply, budget.rest()).code == ec::none
        && reply.containers_size() == 1)
      sandbox_id = reply.containers(0).pod_sandbox_id();
  }
  cri_pod pod;
  pod.sandbox_id = sandbox_id;
  if (!plausible_id(sandbox_id))
    return pod;
  cri::sandbox_status_request request;
  request.set_pod_sandbox_id(sandbox_id);
  cri::sandbox_status_response reply;
  if (channel_.call({sandbox_path, {}}, request, reply, budget.rest()).code == ec::none
      && reply.status().id() == sandbox_id)
    pod = to_pod(reply.status());
  return pod;
}

call_result<container_answer> cri_client::inspect(const container_query& query,
                                                  const call_limits& limits) {
  const time_budget budget{limits};
  const call_error unknown{ec::unknown_container, "the runtime knows no container " + query.id};
  if (!plausible_id(query.id))
    return unknown;
  cri::container_status_request request;
  request.set_container_id(query.id);
  request.set_verbose(true); // CRI itself has no pid.
  cri::container_status_response reply;
  auto error = channel_.call({container_path, {}}, request, reply, budget.rest());
  if (error.code == ec::unknown_container)
    return inspect_sandbox(query.id, budget.rest());
  if (error.code != ec::none)
    return error;
  if (reply.status().id() != query.id) // The beginning of an id is enough for the runtime.
    return unknown;
  const auto info = info_of(reply);
  const auto pod = pod_of(query.id, info.sandbox_id, budget.rest());
  container_answer answer{to_metadata(reply.status(), pod), true};
  apply_info(answer.metadata, info, pod);
  return answer;
}

call_result<container_answer> cri_client::inspect_sandbox(const std::string& id,
                                                          const call_limits& limits) {
  cri::sandbox_status_request request;
  request.set_pod_sandbox_id(id);
  request.set_verbose(true);
  cri::sandbox_status_response reply;
  auto error = channel_.call({sandbox_path, {}}, request, reply, limits);
  if (error.code != ec::none)
    return error;
  if (reply.status().id() != id)
    return call_error{ec::unknown_container, "the runtime knows no sandbox " + id};
  container_answer answer{to_metadata(reply.status()), true};
  apply_info(answer.metadata, info_of(reply), to_pod(reply.status()));
  return answer;
}

call_error cri_client::watch(const event_observer& observer, const call_limits& limits) {
  cri::version_response version;
  if (auto error = ask_version(version, limits); error.code != ec::none)
    return error;
  if (has_own_events(version.runtime_name(), version.runtime_version())) {
    // CRI-O ends the stream at once where enable_pod_events is off, which is its default.
    auto error = follow(observer, limits);
    if (error.code != ec::none && !error.unimplemented)
      return error;
  }
  return poll(observer, limits);
}

call_error cri_client::follow(const event_observer& observer, const call_limits& limits) {
  cri::container_event message;
  const auto received = [&] {
    if (auto event = to_event(message))
      report(std::move(*event), observer, limits);
    message.Clear();
    return true;
  };
  const call_limits endless{milliseconds{0}, limits.stop};
  return channel_.stream({events_path, {}}, cri::events_request{}, message, observer.opened,
                         received, endless);
}

// Where there are no events, or where listening would take them from the kubelet.
call_error cri_client::poll(const event_observer& observer, const call_limits& limits) {
  cri_changes changes;
  for (bool first = true; !limits.stop.stop_requested(); first = false) {
    auto listed = list(limits);
    if (!listed)
      return listed.error();
    for (auto& event : changes.since(*listed))
      report(std::move(event), observer, limits);
    if (first) // What happens from here on is in the next difference.
      observer.opened();
    sleep_for(poll_interval, limits.stop);
  }
  return {ec::shutting_down, "troupe is ending"};
}

// With what the event did not tell: pid, exit code, times.
void cri_client::report(runtime_event event, const event_observer& observer,
                        const call_limits& limits) {
  using enum runtime_event_kind;
  auto found = inspect({event.metadata.id, {}}, limits);
  // CRI-O says "deleted" of containers that were only stopped.
  if (event.kind == removed && found)
    return;
  if (found) {
    event.metadata = std::move(found->metadata);
    event.named = true;
    if (event.time_ns == 0 && event.kind == started)
      event.time_ns = event.metadata.started_ns;
    if (event.time_ns == 0 && event.kind == exited)
      event.time_ns = event.metadata.finished_ns;
  }
  observer.event(std::move(event));
}

} // namespace troupe
