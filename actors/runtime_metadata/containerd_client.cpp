// SPDX-License-Identifier: Apache-2.0
#include "actors/runtime_metadata/containerd_client.hpp"

#include "actors/runtime_metadata/containerd_decode.hpp"
#include "actors/runtime_metadata/cri_decode.hpp"
#include "actors/runtime_metadata/metadata_bounds.hpp"
#include "actors/runtime_metadata/time_budget.hpp"

#include <algorithm>
#include <unordered_map>

namespace troupe {
namespace {

using std::chrono::milliseconds;

constexpr auto version_path = "/containerd.services.version.v1.Version/Version";
constexpr auto namespaces_path = "/containerd.services.namespaces.v1.Namespaces/List";
constexpr auto containers_get_path = "/containerd.services.containers.v1.Containers/Get";
constexpr auto containers_list_path = "/containerd.services.containers.v1.Containers/ListStream";
constexpr auto tasks_get_path = "/containerd.services.tasks.v1.Tasks/Get";
constexpr auto tasks_list_path = "/containerd.services.tasks.v1.Tasks/List";
constexpr auto images_get_path = "/containerd.services.images.v1.Images/Get";
constexpr auto cri_status_path = "/runtime.v1.RuntimeService/ContainerStatus";
constexpr auto events_path = "/containerd.services.events.v1.Events/Subscribe";

// Tasks are asked at their shims: one shim that hangs must not keep a name from us.
constexpr milliseconds task_timeout{1000};

// The namespace of the CRI plugin, and how long it is left in peace after it was not there.
constexpr std::string_view cri_namespace = "k8s.io";
constexpr std::chrono::seconds no_cri_pause{60};

bool is_running(const container_answer& answer) {
  return answer.metadata.state == container_state::running
         || answer.metadata.state == container_state::paused;
}

} // namespace

call_result<std::string> containerd_client::version(const call_limits& limits) {
  containerd::version_response reply;
  auto error = channel_.call({version_path, {}}, containerd::version_request{}, reply, limits);
  if (error.code != ec::none)
    return error;
  auto version = reply.version();
  version.resize(std::min(version.size(), runtime_bounds::name_bytes));
  return version;
}

call_result<std::vector<std::string>> containerd_client::namespaces(const call_limits& limits) {
  containerd::list_namespaces_response reply;
  auto error =
      channel_.call({namespaces_path, {}}, containerd::list_namespaces_request{}, reply, limits);
  if (error.code != ec::none)
    return error;
  std::vector<std::string> result;
  for (const auto& x : reply.namespaces())
    if (result.size() < runtime_bounds::namespaces && plausible_id(x.name()))
      result.push_back(
          x.name()); // It becomes a header: gRPC aborts on bytes that may not be there.
  return result;
}

const std::string& containerd_client::digest_of(const std::string& image,
                                                const std::string& name_space,
                                                const call_limits& limits, digests& known) {
  const auto [entry, is_new] = known.try_emplace(image);
  if (is_new && !image.empty()) {
    containerd::get_image_request request;
    request.set_name(image);
    containerd::get_image_response reply;
    if (channel_.call({images_get_path, name_space}, request, reply, limits).code == ec::none)
      entry->second = reply.image().target().digest();
  }
  return entry->second; // Empty when the image was removed since: that is no error.
}

// The CRI plugin deletes a task that ended, and keeps how itself.
void containerd_client::add_end(container_metadata& metadata, const call_limits& limits) {
  using std::chrono::steady_clock;
  const auto now = steady_clock::now();
  if (metadata.name_space != cri_namespace || metadata.sandbox
      || metadata.state != container_state::created
      || now.time_since_epoch().count() < no_cri_until_.load())
    return;
  cri::container_status_request request;
  request.set_container_id(metadata.id);
  cri::container_status_response reply;
  const auto error = channel_.call({cri_status_path, {}}, request, reply, limits);
  if (error.unimplemented || error.code == ec::runtime_timeout)
    no_cri_until_ = (now + no_cri_pause).time_since_epoch().count();
  else if (error.code == ec::none && reply.status().id() == metadata.id)
    apply_end(metadata, reply.status());
}

// A sandbox that cannot be had costs the pod's addresses.
void containerd_client::add_sandbox(container_metadata& metadata, const call_limits& limits) {
  if (!plausible_id(metadata.sandbox_id))
    return;
  containerd::get_container_request request;
  request.set_id(metadata.sandbox_id);
  containerd::get_container_response reply;
  const auto& name_space = metadata.name_space;
  if (channel_.call({containers_get_path, name_space}, request, reply, limits).code == ec::none)
    join_pod(metadata, to_metadata(reply.container(), name_space));
}

void containerd_client::join_pods(std::vector<container_answer>& answers, size_t first) {
  std::unordered_map<std::string, const container_metadata*> sandboxes;
  for (size_t i = first; i < answers.size(); ++i)
    if (answers[i].metadata.sandbox)
      sandboxes.emplace(answers[i].metadata.id, &answers[i].metadata);
  for (size_t i = first; i < answers.size(); ++i)
    if (auto sandbox = sandboxes.find(answers[i].metadata.sandbox_id); sandbox != sandboxes.end())
      join_pod(answers[i].metadata, *sandbox->second);
}

// Sets the state of every answer from `first` on; false when the tasks could not be had.
bool containerd_client::add_states(const std::string& name_space, const call_limits& limits,
                                   std::vector<container_answer>& answers, size_t first) {
  containerd::list_tasks_response reply;
  auto error =
      channel_.call({tasks_list_path, name_space}, containerd::list_tasks_request{}, reply, limits);
  if (error.code != ec::none)
    return false;
  std::unordered_map<std::string, const containerd::task_process*> tasks;
  for (const auto& task : reply.tasks())
    tasks.emplace(task.id(), &task);
  for (size_t i = first; i < answers.size(); ++i)
    if (auto task = tasks.find(answers[i].metadata.id); task != tasks.end())
      apply_task(answers[i].metadata, *task->second);
  return true;
}

call_error containerd_client::list_namespace(const std::string& name_space,
                                             const call_limits& limits,
                                             std::vector<container_answer>& result) {
  const time_budget budget{limits};
  const auto first = result.size();
  containerd::list_container_message message;
  const auto received = [&] {
    if (plausible_id(message.container().id()))
      result.push_back({to_metadata(message.container(), name_space), true});
    message.Clear();
    return result.size() < runtime_bounds::containers;
  };
  auto error = channel_.stream(
      {containers_list_path, name_space}, containerd::list_containers_request{}, message, [] {},
      received, budget.rest());
  if (error.code != ec::none || result.size() == first)
    return error;
  if (!add_states(name_space, budget.rest(2 * task_timeout), result, first))
    for (size_t i = first; i < result.size(); ++i) {
      result[i].metadata.state = container_state::unknown;
      result[i].complete = false;
    }
  join_pods(result, first);
  digests known;
  for (size_t i = first; i < result.size(); ++i) {
    auto& metadata = result[i].metadata;
    add_end(metadata, budget.rest(task_timeout));
    metadata.image_digest = digest_of(metadata.image, name_space, budget.rest(task_timeout), known);
    bound(metadata);
  }
  return {};
}

call_result<std::vector<container_answer>> containerd_client::list(const call_limits& limits) {
  const time_budget budget{limits};
  auto names = namespaces(limits);
  if (!names)
    return names.error();
  std::vector<container_answer> result;
  for (const auto& name : *names) {
    auto error = list_namespace(name, budget.rest(), result);
    if (error.code == ec::unknown_container) // The namespace was removed meanwhile.
      continue;
    if (error.code != ec::none)
      return error;
  }
  return result;
}

call_result<container_answer> containerd_client::inspect_in(const std::string& name_space,
                                                            const std::string& id,
                                                            const call_limits& limits) {
  const time_budget budget{limits};
  containerd::get_container_request request;
  request.set_id(id);
  containerd::get_container_response reply;
  auto error = channel_.call({containers_get_path, name_space}, request, reply, limits);
  if (error.code != ec::none)
    return error;
  container_answer answer{to_metadata(reply.container(), name_space), true};
  if (answer.metadata.id != id)
    return call_error{ec::runtime_garbage, "containerd answered for another container than " + id};
  containerd::get_task_request task_request;
  task_request.set_container_id(id);
  containerd::get_task_response task;
  error =
      channel_.call({tasks_get_path, name_space}, task_request, task, budget.rest(task_timeout));
  if (error.code == ec::none) {
    apply_task(answer.metadata, task.process());
  } else if (error.code != ec::unknown_container) { // Without a task it is created, or over.
    answer.metadata.state = container_state::unknown;
    answer.complete = false;
  }
  add_end(answer.metadata, budget.rest(task_timeout));
  add_sandbox(answer.metadata, budget.rest(task_timeout));
  digests known;
  answer.metadata.image_digest =
      digest_of(answer.metadata.image, name_space, budget.rest(task_timeout), known);
  bound(answer.metadata);
  return answer;
}

call_result<container_answer> containerd_client::inspect(const container_query& query,
                                                         const call_limits& limits) {
  const time_budget budget{limits};
  call_error failure{ec::unknown_container, "containerd knows no container " + query.id};
  if (!plausible_id(query.id) || (!query.name_space.empty() && !plausible_id(query.name_space)))
    return failure;
  if (!query.name_space.empty())
    return inspect_in(query.name_space, query.id, limits);
  auto names = namespaces(limits);
  if (!names)
    return names.error();
  std::optional<container_answer> best;
  for (const auto& name : *names) {
    auto answer = inspect_in(name, query.id, budget.rest());
    if (!answer) {
      if (answer.error().code != ec::unknown_container)
        failure = answer.error();
      continue;
    }
    if (!best || (is_running(*answer) && !is_running(*best)))
      best = std::move(*answer);
  }
  if (!best)
    return failure;
  return std::move(*best);
}

call_error containerd_client::watch(const event_observer& observer, const call_limits& limits) {
  // containerd answers a subscription only with its first event, so a call shows that it lives.
  if (auto alive = version(limits); !alive)
    return alive.error();
  containerd::subscribe_request request;
  for (const char* topic : {"/containers/create", "/containers/update", "/containers/delete",
                            "/tasks/start", "/tasks/exec-started", "/tasks/exit", "/tasks/delete",
                            "/tasks/oom", "/tasks/paused", "/tasks/resumed"})
    request.add_filters("topic==\"" + std::string{topic} + '"');
  containerd::envelope envelope;
  told_exits exits;
  const auto received = [&] {
    if (auto event = to_event(envelope); event && exits.is_news(envelope, *event))
      observer.event(std::move(*event));
    return true;
  };
  const call_limits endless{milliseconds{0}, limits.stop};
  return channel_.stream({events_path, {}}, request, envelope, observer.opened, received, endless);
}

} // namespace troupe
