// SPDX-License-Identifier: Apache-2.0

#include "actors/registry/container_id.hpp"

#include "actors/registry/path_forms.hpp"
#include "actors/registry/pod_name.hpp"

#include <array>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

namespace troupe {

namespace {

constexpr size_t part_bytes_max = 256;
constexpr size_t short_id_size = 12; // As docker ps shows it.

/// One part of an id, harmless whatever its owner wrote.
std::string part(std::string_view text) {
  if (text.size() > part_bytes_max) {
    size_t end = part_bytes_max;
    while (end > 0 && (text[end] & 0xc0) == 0x80) // Not in the middle of a UTF-8 character.
      --end;
    text = text.substr(0, end);
  }
  if (text.empty() || text == "." || text == "..")
    return "_";
  std::string result{text};
  for (auto& c : result)
    if (c == '/' || has_control({&c, 1}))
      c = '_';
  return result;
}

std::string join(std::initializer_list<std::string_view> parts) {
  std::string result;
  for (auto x : parts)
    result.append("/").append(part(x));
  return result;
}

std::string_view label(const container_metadata& metadata, const char* key) {
  const auto i = metadata.labels.find(key);
  return i == metadata.labels.end() ? std::string_view{} : std::string_view{i->second};
}

std::string_view short_id(std::string_view id) {
  return is_long_id(id) ? id.substr(0, short_id_size) : id;
}

container_identity plain(std::string container_id, std::string_view name) {
  container_identity result;
  result.app_id = container_id;
  result.container_id = std::move(container_id);
  result.container = part(name);
  result.provisional = false;
  return result;
}

/// The kubelet labels every container with its pod.
std::optional<container_identity> by_kubernetes(const container_metadata& metadata) {
  const auto name_space = label(metadata, "io.kubernetes.pod.namespace");
  const auto pod = label(metadata, "io.kubernetes.pod.name");
  // Where all of a pod runs in its sandbox, as with gVisor, the sandbox stands for its containers.
  const auto container = holds_whole_pod(metadata)
                             ? std::string_view{"sandbox"}
                             : label(metadata, "io.kubernetes.container.name");
  if (name_space.empty() || pod.empty() || container.empty())
    return {};
  const auto owner = owner_of_pod(pod);
  container_identity result;
  if (owner.kind == workload_kind::cron_job) {
    // One id for all runs: a new one each minute would be a new set of series each minute.
    result.container_id = join({"k8s-cronjob", name_space, owner.name, container});
    result.app_id = join({"k8s-cronjob", name_space, owner.name});
  } else {
    result.container_id = join({"k8s", name_space, pod, container});
    result.app_id = owner.kind == workload_kind::none ? result.container_id
                                                      : join({"k8s", name_space, owner.name});
  }
  result.name_space = part(name_space);
  result.pod = part(pod);
  result.container = part(container);
  result.provisional = false;
  return result;
}

/// The task's name is <service>.<slot>.<task id>; a global service has the node's id for a slot.
std::optional<container_identity> by_swarm(const container_metadata& metadata) {
  const auto task = label(metadata, "com.docker.swarm.task.name");
  const auto first = task.find('.');
  const auto second = first == task.npos ? task.npos : task.find('.', first + 1);
  if (second == task.npos || task.find('.', second + 1) != task.npos)
    return {};
  auto service = task.substr(0, first);
  const auto slot = task.substr(first + 1, second - first - 1);
  const auto stack = label(metadata, "com.docker.stack.namespace");
  if (!stack.empty() && service.size() > stack.size() + 1 && service.starts_with(stack)
      && service[stack.size()] == '_')
    service.remove_prefix(stack.size() + 1);
  if (service.empty() || slot.empty())
    return {};
  const auto name = std::string{service} + "." + std::string{slot};
  return plain(join({"swarm", stack.empty() ? "_" : stack, service, slot}), name);
}

/// The allocation's id keeps apart what a job runs several times on one node.
std::optional<container_identity> by_nomad(const container_metadata& metadata) {
  const auto& nomad = metadata.nomad;
  if (nomad.job.empty() || nomad.group.empty() || nomad.alloc.empty() || nomad.task.empty())
    return {};
  const auto name_space =
      nomad.name_space.empty() ? std::string_view{"default"} : std::string_view{nomad.name_space};
  auto result = plain(join({"nomad", name_space, nomad.job, nomad.group, nomad.alloc, nomad.task}),
                      nomad.task);
  result.app_id = join({"nomad", name_space, nomad.job, nomad.group});
  return result;
}

std::string_view name_or_id(const container_metadata& metadata) {
  return metadata.name.empty() ? short_id(metadata.id) : std::string_view{metadata.name};
}

container_identity by_containerd(const cgroup_identity& cgroup,
                                 const container_metadata& metadata) {
  auto name = label(metadata, "nerdctl/name");
  if (name.empty())
    name = name_or_id(metadata);
  const auto& name_space = metadata.name_space.empty() ? cgroup.name_space : metadata.name_space;
  return plain(join({"containerd", name_space, name}), name);
}

/// What the path says is all there is to know.
std::optional<container_identity> by_path(const cgroup_identity& cgroup) {
  if (cgroup.kind == cgroup_kind::standalone)
    return plain(join({"standalone", cgroup.id}), cgroup.id);
  switch (cgroup.runtime) {
    case runtime_kind::systemd: {
      // A unit's path is its id. The parser let no control byte or dot segment through.
      auto result = plain(cgroup.id, cgroup.id.substr(cgroup.id.rfind('/') + 1));
      return result;
    }
    case runtime_kind::lxc:
      return plain(join({"lxc", cgroup.id}), cgroup.id);
    case runtime_kind::nspawn:
      return plain(join({"machine", cgroup.id}), cgroup.id);
    case runtime_kind::garden:
      return plain(join({"garden", cgroup.id}), cgroup.id);
    case runtime_kind::talos:
      return plain(join({"talos", cgroup.id}), cgroup.id);
    default:
      return {};
  }
}

container_identity fallback(std::string container_id, std::string_view id) {
  auto result = plain(std::move(container_id), short_id(id));
  result.provisional = true;
  return result;
}

} // namespace

bool needs_runtime(const cgroup_identity& cgroup) {
  return !by_path(cgroup);
}

container_identity identify(const cgroup_identity& cgroup, const container_metadata& metadata) {
  if (auto found = by_kubernetes(metadata))
    return *found;
  if (auto found = by_swarm(metadata))
    return *found;
  if (auto found = by_nomad(metadata))
    return *found;
  switch (metadata.runtime) {
    case runtime_kind::docker:
    case runtime_kind::crio:
      return plain(join({to_string(metadata.runtime), name_or_id(metadata)}), name_or_id(metadata));
    case runtime_kind::podman:
      return metadata.pod.empty()
                 ? plain(join({"podman", name_or_id(metadata)}), name_or_id(metadata))
                 : plain(join({"podman", metadata.pod, name_or_id(metadata)}),
                         name_or_id(metadata));
    case runtime_kind::containerd:
      return by_containerd(cgroup, metadata);
    default:
      break;
  }
  if (auto found = by_path(cgroup))
    return *found;
  return identify(cgroup);
}

container_identity identify(const cgroup_identity& cgroup) {
  if (auto found = by_path(cgroup))
    return *found;
  const auto id = short_id(cgroup.id);
  if (!cgroup.pod_uid.empty()) // "_": the namespace, which only the runtime knows.
    return fallback(join({"k8s", "_", cgroup.pod_uid, id}), cgroup.id);
  switch (cgroup.runtime) {
    case runtime_kind::docker:
    case runtime_kind::podman:
    case runtime_kind::crio:
      return fallback(join({to_string(cgroup.runtime), id}), cgroup.id);
    case runtime_kind::containerd:
      if (!cgroup.name_space.empty() && !is_long_id(cgroup.id)
          && !is_known_containerd_namespace(cgroup.name_space))
        break; // Two words in a path are a guess: anybody may have made /<word>/<word>.
      return fallback(join({"containerd", cgroup.name_space, id}), cgroup.id);
    default:
      break;
  }
  return {};
}

void set_workload(container_identity& identity, const pod_workload& owner) {
  if (owner.workload.empty())
    identity.app_id = identity.container_id;
  else
    identity.app_id =
        join({owner.cron_job ? "k8s-cronjob" : "k8s", owner.name_space, owner.workload});
}

} // namespace troupe
