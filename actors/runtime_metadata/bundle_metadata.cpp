// SPDX-License-Identifier: Apache-2.0
#include "actors/runtime_metadata/bundle_metadata.hpp"

#include "actors/host/boot_clock.hpp"
#include "actors/host/bounded_file.hpp"
#include "actors/host/process_list.hpp"
#include "actors/host/text_parts.hpp"
#include "actors/runtime_metadata/docker_json.hpp"
#include "actors/runtime_metadata/metadata_bounds.hpp"
#include "actors/runtime_metadata/oci_spec.hpp"

#include <algorithm>
#include <memory>
#include <sys/stat.h>

namespace troupe {
namespace {

constexpr size_t pid_bytes = 32;
constexpr std::string_view infra_suffix = "-infra";
constexpr size_t short_id = 12;

uint32_t read_pid(const std::string& path) {
  const auto text = read_bounded(path, pid_bytes);
  if (!text)
    return 0;
  const auto line = std::string_view{*text}.substr(0, text->find('\n'));
  const auto pid = parse_unsigned(line);
  return pid && *pid <= UINT32_MAX ? static_cast<uint32_t>(*pid) : 0;
}

int64_t written_at_ns(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0)
    return 0;
  return int64_t{status.st_mtim.tv_sec} * 1'000'000'000 + status.st_mtim.tv_nsec;
}

std::string annotation(const container_details& details, const char* key) {
  const auto i = details.annotations.find(key);
  return i == details.annotations.end() ? std::string{} : i->second;
}

// The runtimes' own files in every container: /etc/hosts and their like, from the folder that is
// called like the container.
void drop_own_mounts(const std::string& id, container_details& details) {
  const auto folder = '/' + id + '/';
  std::erase_if(details.mounts, [&](const container_mount& mount) {
    return mount.source.find(folder) != std::string::npos;
  });
}

// "<data-root>/containers/<id>/hosts" is mounted into every container of docker. One that shares
// the network of another has the other's.
std::string docker_folder(const std::string& id, const container_details& details) {
  for (const auto& mount : details.mounts) {
    if (mount.destination != "/etc/hosts" && mount.destination != "/etc/resolv.conf")
      continue;
    const auto file = mount.source.rfind('/');
    const auto folder =
        file == 0 || file == std::string::npos ? file : mount.source.rfind('/', file - 1);
    if (folder != std::string::npos && mount.source.substr(0, folder).ends_with("/containers"))
      return mount.source.substr(0, folder + 1) + id;
  }
  return {};
}

// podman names an infra container after its pod, and its cgroup too.
bool is_infra(const std::string& name, const container_details& details) {
  return name.size() == short_id + infra_suffix.size() && name.ends_with(infra_suffix)
         && details.cgroup_path.find(name.substr(0, short_id)) != std::string::npos;
}

void apply_monitor(const monitor_claim& claim, container_metadata& metadata,
                   container_details& details) {
  if (claim.runtime != runtime_kind::podman) {
    metadata.name = annotation(details, "nerdctl/name");
    apply_annotations(metadata, details);
  } else if (annotation(details, "io.container.manager") == "cri-o") {
    metadata.runtime = runtime_kind::crio;
    apply_annotations(metadata, details);
  } else {
    metadata.name = claim.name;
    metadata.sandbox = is_infra(claim.name, details);
    metadata.sandbox_id = annotation(details, "io.kubernetes.cri-o.SandboxID");
  }
}

} // namespace

init_process_state init_process(const std::string& host_root, const found_bundle& bundle) {
  init_process_state result;
  const auto pid = read_pid(bundle.pid_file);
  if (pid == 0)
    return result;
  result.written = true;
  const auto process = read_process(host_root, pid, {});
  if (!process || process->state == 'Z' || process->state == 'X')
    return result;
  result.vouched = process->parent == bundle.monitor_pid;
  result.started_ns = to_unix_ns(process->id.start_boottime_ns);
  // A pid file is written after its process started, unless somebody set the clock: another
  // process that got the same number is younger, and in another cgroup.
  constexpr int64_t leeway_ns = 2'000'000'000;
  const bool younger = result.started_ns > written_at_ns(bundle.pid_file) + leeway_ns;
  if (younger && process->cgroup_path.find(bundle.claim.id) == std::string::npos)
    return {.written = true};
  result.pid = pid;
  result.is_runtime = process->comm.starts_with("runc:[") || process->comm == "crun";
  return result;
}

std::optional<container_answer> parse_bundle(const monitor_claim& claim, std::string_view spec,
                                             const init_process_state& process) {
  auto parsed = parse_oci_spec(spec);
  if (!parsed)
    return std::nullopt;
  container_answer answer;
  auto& metadata = answer.metadata;
  auto& details = parsed->details;
  metadata.runtime = claim.runtime;
  metadata.id = claim.id;
  // docker's namespace within containerd is not one of docker's.
  metadata.name_space = claim.runtime == runtime_kind::docker ? std::string{} : claim.name_space;
  metadata.oci_runtime = claim.oci_runtime;
  metadata.nomad = std::move(parsed->nomad);
  apply_monitor(claim, metadata, details);
  metadata.pid = process.pid;
  metadata.started_ns = process.pid != 0 && !process.is_runtime ? process.started_ns : 0;
  if (process.pid != 0)
    metadata.state = process.is_runtime ? container_state::created : container_state::running;
  else
    metadata.state = process.written ? container_state::exited : container_state::created;
  // What is being created is not yet what it will be.
  answer.complete = metadata.state != container_state::created;
  metadata.details = std::make_shared<const container_details>(std::move(details));
  bound(metadata);
  return answer;
}

void apply_docker_record(std::string_view record, container_metadata& metadata) {
  auto recorded = parse_docker_container(record);
  if (!recorded || recorded->metadata.id != metadata.id)
    return;
  auto& known = recorded->metadata;
  container_details details = metadata.details ? *metadata.details : container_details{};
  if (known.details) {
    details.command = known.details->command;
    details.user = known.details->user;
    details.hostname = known.details->hostname;
    details.networks = known.details->networks;
    details.log_path = known.details->log_path;
  }
  // While docker is away its record gets old.
  const bool alive = metadata.state == container_state::running;
  if (alive && known.state == container_state::paused)
    metadata.state = container_state::paused;
  if (alive && known.started_ns != 0)
    metadata.started_ns = known.started_ns;
  metadata.name = std::move(known.name);
  metadata.image = std::move(known.image);
  metadata.image_digest = std::move(known.image_digest);
  metadata.labels = std::move(known.labels);
  metadata.sandbox = known.sandbox;
  metadata.created_ns = known.created_ns;
  metadata.restarts = known.restarts;
  metadata.health = std::move(known.health);
  metadata.details = std::make_shared<const container_details>(std::move(details));
}

std::optional<container_answer> read_bundle(const found_bundle& bundle, std::string_view spec,
                                            const init_process_state& process) {
  auto answer = parse_bundle(bundle.claim, spec, process);
  if (!answer)
    return answer;
  auto& metadata = answer->metadata;
  if (metadata.runtime == runtime_kind::docker) {
    const auto folder = docker_folder(metadata.id, *metadata.details);
    const auto record = folder.empty() ? std::nullopt
                                       : read_bounded(bundle.root + folder + "/config.v2.json",
                                                      runtime_bounds::inspect_bytes);
    if (record)
      apply_docker_record(*record, metadata);
  }
  container_details details = *metadata.details;
  drop_own_mounts(metadata.id, details);
  metadata.details = std::make_shared<const container_details>(std::move(details));
  return answer;
}

void apply_infra(const found_bundle& infra, std::string_view spec,
                 const init_process_state& process, container_metadata& metadata) {
  if (infra.monitor_pid != 0 && !process.vouched)
    return;
  const auto pod = parse_bundle(infra.claim, spec, process);
  if (!pod || !pod->metadata.sandbox)
    return;
  // Where it has the host's name, or none, the beginning of the pod's id stands for it.
  const auto& of_pod = *pod->metadata.details;
  const auto uts = of_pod.namespaces.find("uts");
  const bool has_own = uts != of_pod.namespaces.end() && uts->second != "host";
  metadata.pod =
      has_own && !of_pod.hostname.empty() ? of_pod.hostname : infra.claim.name.substr(0, short_id);
  container_details details = *metadata.details;
  const auto prefix = "/proc/" + std::to_string(pod->metadata.pid) + "/ns/";
  for (auto& [kind, sharing] : details.namespaces)
    if (sharing.starts_with(prefix))
      sharing = "pod";
  metadata.details = std::make_shared<const container_details>(std::move(details));
}

} // namespace troupe
