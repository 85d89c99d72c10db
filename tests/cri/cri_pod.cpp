// SPDX-License-Identifier: Apache-2.0
// What a kubelet does to a CRI runtime, one call a run, for the end-to-end tests: the runtime runs
// pods, and nobody has to have Kubernetes.
//
//   troupe_cri_pod SOCKET version
//   troupe_cri_pod SOCKET run-pod KEY=VALUE...                  prints the sandbox's id
//   troupe_cri_pod SOCKET create SANDBOX KEY=VALUE... -- COMMAND...    prints the container's id
//   troupe_cri_pod SOCKET start|stop|remove|stop-pod|remove-pod ID
//   troupe_cri_pod SOCKET exec ID -- COMMAND...                 ends with the command's exit code
//
// Keys of a pod: namespace, name, uid, logs, cgroup, handler, label:<key>, annotation:<key>. A
// container is created with those of its pod, and container, image, attempt, memory, cpu
// (thousandths), container-label:<key>, container-annotation:<key>. Pods share the node's network:
// no CNI.

#include "actors/runtime_metadata/grpc_connection.hpp"

#include <cri_pod.pb.h>

#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace troupe;
using words = std::vector<std::string>;

constexpr int node_network = 2;
constexpr int own_pids = 1;

struct arguments {
  std::map<std::string, std::string> settings;
  words command;

  [[nodiscard]] std::string text(const char* key) const {
    const auto i = settings.find(key);
    return i == settings.end() ? "" : i->second;
  }
  [[nodiscard]] int64_t number(const char* key) const { return std::atoll(text(key).c_str()); }
};

arguments parse(const words& given) {
  arguments result;
  for (auto i = given.begin(); i != given.end(); ++i) {
    if (*i == "--") {
      result.command.assign(i + 1, given.end());
      break;
    }
    const auto equals = i->find('=');
    result.settings[i->substr(0, equals)] =
        equals == std::string::npos ? "" : i->substr(equals + 1);
  }
  return result;
}

// All settings that begin with the prefix, without it.
template <class Map>
void copy_prefixed(const arguments& from, std::string_view prefix, Map& to) {
  for (const auto& [key, value] : from.settings)
    if (key.starts_with(prefix))
      to[key.substr(prefix.size())] = value;
}

cri_pod::pod_config pod_of(const arguments& given) {
  cri_pod::pod_config pod;
  pod.mutable_metadata()->set_name(given.text("name"));
  pod.mutable_metadata()->set_uid(given.text("uid"));
  pod.mutable_metadata()->set_name_space(given.text("namespace"));
  pod.set_log_directory(given.text("logs"));
  copy_prefixed(given, "label:", *pod.mutable_labels());
  copy_prefixed(given, "annotation:", *pod.mutable_annotations());
  pod.mutable_linux()->set_cgroup_parent(given.text("cgroup"));
  auto& namespaces = *pod.mutable_linux()->mutable_security()->mutable_namespaces();
  namespaces.set_network(node_network);
  namespaces.set_pid(own_pids);
  return pod;
}

cri_pod::container_config container_of(const arguments& given) {
  cri_pod::container_config container;
  container.mutable_metadata()->set_name(given.text("container"));
  container.mutable_metadata()->set_attempt(static_cast<uint32_t>(given.number("attempt")));
  container.mutable_image()->set_image(given.text("image"));
  for (const auto& word : given.command)
    container.add_command(word);
  container.set_log_path(given.text("container") + ".log");
  copy_prefixed(given, "container-label:", *container.mutable_labels());
  copy_prefixed(given, "container-annotation:", *container.mutable_annotations());
  auto& resources = *container.mutable_linux()->mutable_resources();
  resources.set_memory_limit_in_bytes(given.number("memory"));
  if (const auto millicores = given.number("cpu"); millicores > 0) {
    resources.set_cpu_period(100'000);
    resources.set_cpu_quota(millicores * 100);
  }
  auto& namespaces = *container.mutable_linux()->mutable_security()->mutable_namespaces();
  namespaces.set_network(node_network);
  namespaces.set_pid(own_pids);
  return container;
}

class kubelet {
public:
  explicit kubelet(const std::string& socket) : runtime_({runtime_kind::crio, socket}) {}

  // The exit code; what went wrong is on stderr.
  int call(const char* method, const google::protobuf::MessageLite& request,
           google::protobuf::MessageLite& reply) {
    const std::string path = std::string{"/runtime.v1.RuntimeService/"} + method;
    const auto error = runtime_.call({path.c_str(), {}}, request, reply, call_limits{});
    if (error.code == ec::none)
      return EXIT_SUCCESS;
    std::fprintf(stderr, "%s: %s\n", method, error.message.c_str());
    return EXIT_FAILURE;
  }

  int call_by_id(const char* method, const std::string& id) {
    cri_pod::by_id request;
    request.set_id(id);
    cri_pod::empty reply;
    return call(method, request, reply);
  }

  int run_pod(const arguments& given) {
    cri_pod::run_pod_request request;
    *request.mutable_config() = pod_of(given);
    request.set_runtime_handler(given.text("handler"));
    cri_pod::run_pod_reply reply;
    const int code = call("RunPodSandbox", request, reply);
    std::puts(reply.id().c_str());
    return code;
  }

  int create(const std::string& pod, const arguments& given) {
    cri_pod::create_request request;
    request.set_pod(pod);
    *request.mutable_config() = container_of(given);
    *request.mutable_pod_config() = pod_of(given);
    cri_pod::create_reply reply;
    const int code = call("CreateContainer", request, reply);
    std::puts(reply.id().c_str());
    return code;
  }

  int stop(const std::string& id) {
    cri_pod::stop_request request;
    request.set_id(id);
    cri_pod::empty reply;
    return call("StopContainer", request, reply);
  }

  int exec(const std::string& id, const words& command) {
    cri_pod::exec_request request;
    request.set_id(id);
    for (const auto& word : command)
      request.add_command(word);
    cri_pod::exec_reply reply;
    if (const int code = call("ExecSync", request, reply); code != EXIT_SUCCESS)
      return code;
    std::fwrite(reply.out().data(), 1, reply.out().size(), stdout);
    std::fwrite(reply.err().data(), 1, reply.err().size(), stderr);
    return reply.exit_code();
  }

private:
  grpc_connection runtime_;
};

int obey(kubelet& node, const std::string& order, const words& given) {
  if (order == "version") {
    cri_pod::empty reply;
    return node.call("Version", cri_pod::empty{}, reply);
  }
  if (order == "run-pod")
    return node.run_pod(parse(given));
  if (given.empty()) {
    std::fprintf(stderr, "%s: which?\n", order.c_str());
    return EXIT_FAILURE;
  }
  const auto more = parse({given.begin() + 1, given.end()});
  if (order == "create")
    return node.create(given[0], more);
  if (order == "exec")
    return node.exec(given[0], more.command);
  if (order == "stop")
    return node.stop(given[0]);
  const std::map<std::string, const char*> methods{{"start", "StartContainer"},
                                                   {"remove", "RemoveContainer"},
                                                   {"stop-pod", "StopPodSandbox"},
                                                   {"remove-pod", "RemovePodSandbox"}};
  if (const auto method = methods.find(order); method != methods.end())
    return node.call_by_id(method->second, given[0]);
  std::fprintf(stderr, "%s: no such order\n", order.c_str());
  return EXIT_FAILURE;
}

} // namespace

int main(int argc, char** argv) {
  const words given{argv + 1, argv + argc};
  if (given.size() < 2) {
    std::fprintf(stderr, "usage: troupe_cri_pod SOCKET ORDER ...\n");
    return EXIT_FAILURE;
  }
  kubelet node{given[0]};
  return obey(node, given[1], {given.begin() + 2, given.end()});
}
