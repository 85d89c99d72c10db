// SPDX-License-Identifier: Apache-2.0
#include "actors/runtime_metadata/containerd_decode.hpp"
#include "actors/runtime_metadata/cri_record.hpp"
#include "actors/runtime_metadata/metadata_bounds.hpp"
#include "actors/runtime_metadata/oci_spec.hpp"

#include <charconv>
#include <utility>

namespace troupe {
namespace {

std::string_view label(const container_metadata& metadata, const char* key) {
  const auto i = metadata.labels.find(key);
  return i == metadata.labels.end() ? std::string_view{} : std::string_view{i->second};
}

// nerdctl and the CRI plugin have names; containerd itself has ids only.
std::string name_from(const container_metadata& metadata) {
  const auto nerdctls = label(metadata, "nerdctl/name");
  return std::string{nerdctls.empty() ? label(metadata, "io.kubernetes.container.name") : nerdctls};
}

// containerd's restart monitor, which nerdctl uses, keeps its book in labels.
void apply_restart_labels(container_metadata& metadata, container_details& details) {
  details.restart_policy = label(metadata, "containerd.io/restart.policy");
  const auto count = label(metadata, "containerd.io/restart.count");
  std::from_chars(count.data(), count.data() + count.size(), metadata.restarts);
}

// Where nerdctl's own log driver, the default one, writes: beside the container's other state.
std::string nerdctl_log(const container_metadata& metadata) {
  const auto folder = label(metadata, "nerdctl/state-dir");
  const auto config = label(metadata, "nerdctl/log-config");
  if (folder.empty() || label(metadata, "nerdctl/log-uri").find("_NERDCTL_") == folder.npos
      || (!config.empty() && config.find("json-file") == config.npos))
    return {};
  return std::string{folder} + "/" + metadata.id + "-json.log";
}

// What the CRI plugin keeps of a container or a sandbox.
void apply_extensions(const containerd::container_record& record, container_metadata& metadata,
                      container_details& details) {
  for (const auto& x : record.extensions()) {
    const bool container = x.key() == "io.cri-containerd.container.metadata";
    if (!container && x.key() != "io.cri-containerd.sandbox.metadata")
      continue;
    auto stored = parse_cri_record(x.value().value());
    details.annotations = std::move(stored.annotations);
    details.networks = std::move(stored.networks);
    if (!container)
      continue;
    metadata.sandbox_id = std::move(stored.sandbox_id);
    metadata.restarts = stored.restarts;
    details.log_path = std::move(stored.log_path);
  }
}

} // namespace

container_metadata to_metadata(const containerd::container_record& record,
                               const std::string& name_space) {
  container_metadata result;
  result.runtime = runtime_of(name_space);
  result.id = record.id();
  result.name_space = name_space;
  result.image = record.image();
  result.state = container_state::created;
  result.created_ns = to_ns(record.created_at());
  result.oci_runtime = record.runtime().name();
  for (const auto& x : record.labels())
    if (result.labels.size() < 4 * runtime_bounds::labels) // bound() leaves the first of them
      result.labels.emplace(x.key(), x.value());
  result.name = name_from(result);
  result.sandbox = label(result, "io.cri-containerd.kind") == "sandbox";
  auto spec = parse_oci_spec(record.spec().value()).value_or(oci_spec{});
  result.nomad = std::move(spec.nomad);
  apply_annotations(result, spec.details);
  apply_restart_labels(result, spec.details);
  spec.details.log_path = nerdctl_log(result);
  apply_extensions(record, result, spec.details);
  if (result.sandbox_id.empty() && record.sandbox() != record.id())
    result.sandbox_id = record.sandbox();
  bound(spec.details);
  result.details = std::make_shared<const container_details>(std::move(spec.details));
  bound(result);
  return result;
}

void join_pod(container_metadata& container, const container_metadata& sandbox) {
  if (!container.details || !sandbox.details)
    return;
  auto details = *container.details;
  details.networks = sandbox.details->networks;
  if (details.hostname.empty())
    details.hostname = sandbox.details->hostname;
  // What a pod has from its sandbox may be the host's.
  for (auto& [kind, whose] : details.namespaces)
    if (const auto i = sandbox.details->namespaces.find(kind);
        whose == "pod" && i != sandbox.details->namespaces.end() && i->second == "host")
      whose = "host";
  container.details = std::make_shared<const container_details>(std::move(details));
}

} // namespace troupe
