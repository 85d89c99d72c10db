// SPDX-License-Identifier: Apache-2.0
#include "actors/runtime_metadata/cri_decode.hpp"

#include "actors/runtime_metadata/cri_record.hpp"
#include "actors/runtime_metadata/json_fields.hpp"
#include "actors/runtime_metadata/metadata_bounds.hpp"
#include "actors/runtime_metadata/oci_spec.hpp"

#include <algorithm>
#include <charconv>

namespace troupe {
namespace {

using pairs = google::protobuf::RepeatedPtrField<cri::pair>;

std::map<std::string, std::string> to_map(const pairs& from) {
  std::map<std::string, std::string> result;
  for (const auto& x : from)
    if (result.size() < 4 * runtime_bounds::labels) // bound() leaves the first of them
      result.emplace(x.key(), x.value());
  return result;
}

container_state state_of(cri::container_state state) {
  switch (state) {
    case cri::CONTAINER_CREATED:
      return container_state::created;
    case cri::CONTAINER_RUNNING:
      return container_state::running;
    case cri::CONTAINER_EXITED:
      return container_state::exited;
    default:
      return container_state::unknown;
  }
}

int64_t time_of(int64_t ns) {
  return std::max<int64_t>(ns, 0);
}

template <class Integer>
uint64_t amount_of(Integer amount) {
  return amount > 0 ? static_cast<uint64_t>(amount) : 0;
}

// "registry/app@sha256:..." or the digest alone.
std::string digest_of(std::string_view reference) {
  if (const auto at = reference.rfind('@'); at != std::string_view::npos)
    reference.remove_prefix(at + 1);
  return std::string{reference.starts_with("sha256:") ? reference : std::string_view{}};
}

std::string image_of(const cri::image_spec& image) {
  return image.user_specified_image().empty() ? image.image() : image.user_specified_image();
}

// Set by the kubelet; who else makes pods need not.
void add_pod_labels(container_metadata& metadata, const cri_pod& pod) {
  const std::pair<const char*, const std::string&> labels[] = {
      {"io.kubernetes.pod.name", pod.name},
      {"io.kubernetes.pod.namespace", pod.name_space},
      {"io.kubernetes.pod.uid", pod.uid},
      {"io.kubernetes.container.name", metadata.name}};
  for (const auto& [key, text] : labels)
    if (!text.empty())
      metadata.labels.try_emplace(key, text);
}

container_limits to_limits(const cri::linux_resources& from) {
  return {.memory_bytes = amount_of(from.memory_limit_in_bytes()),
          .cpu_millicores = millicores(from.cpu_quota(), from.cpu_period()),
          .cpu_shares = amount_of(from.cpu_shares()),
          .pids = 0,
          .cpuset = from.cpuset_cpus()};
}

std::vector<container_network> to_networks(const cri_pod& pod) {
  std::vector<container_network> result;
  for (const auto& ip : pod.ips)
    result.push_back(network_of(ip));
  return result;
}

// Fields that lists and statuses have in common.
template <class Message>
container_metadata common_of(const Message& from, const cri_pod& pod) {
  container_metadata result;
  result.runtime = runtime_kind::crio;
  result.id = from.id();
  result.name = from.metadata().name();
  result.image = image_of(from.image());
  result.image_digest = digest_of(from.image_ref());
  result.state = state_of(from.state());
  result.created_ns = time_of(from.created_at());
  result.labels = to_map(from.labels());
  result.restarts = restarts_of(to_map(from.annotations()), from.metadata().attempt());
  result.sandbox_id = pod.sandbox_id;
  result.oci_runtime = pod.runtime_handler;
  add_pod_labels(result, pod);
  return result;
}

template <class Message>
container_metadata sandbox_of(const Message& from) {
  container_metadata result;
  result.runtime = runtime_kind::crio;
  result.id = from.id();
  result.state =
      from.state() == cri::SANDBOX_READY ? container_state::running : container_state::exited;
  result.created_ns = time_of(from.created_at());
  result.labels = to_map(from.labels());
  result.oci_runtime = from.runtime_handler();
  result.sandbox = true;
  add_pod_labels(result, to_pod(from));
  bound(result);
  return result;
}

} // namespace

cri_pod to_pod(const cri::sandbox& sandbox) {
  const auto& pod = sandbox.metadata();
  return {.sandbox_id = sandbox.id(),
          .name = pod.name(),
          .uid = pod.uid(),
          .name_space = pod.name_space(),
          .runtime_handler = sandbox.runtime_handler(),
          .ips = {}};
}

cri_pod to_pod(const cri::sandbox_status& status) {
  const auto& pod = status.metadata();
  cri_pod result{.sandbox_id = status.id(),
                 .name = pod.name(),
                 .uid = pod.uid(),
                 .name_space = pod.name_space(),
                 .runtime_handler = status.runtime_handler(),
                 .ips = {}};
  const auto& namespaces = status.linux().namespaces().options();
  result.host_network = namespaces.network() == cri::NODE;
  result.host_ipc = namespaces.ipc() == cri::NODE;
  if (!status.network().ip().empty())
    result.ips.push_back(status.network().ip());
  for (const auto& x : status.network().additional_ips())
    if (result.ips.size() < runtime_bounds::networks)
      result.ips.push_back(x.ip());
  return result;
}

container_metadata to_metadata(const cri::sandbox& sandbox) {
  return sandbox_of(sandbox);
}

container_metadata to_metadata(const cri::sandbox_status& status) {
  auto result = sandbox_of(status);
  container_details details;
  details.annotations = to_map(status.annotations());
  details.networks = to_networks(to_pod(status));
  bound(details);
  result.details = std::make_shared<const container_details>(std::move(details));
  return result;
}

container_metadata to_metadata(const cri::container& container, const cri_pod& pod) {
  auto result = common_of(container, pod);
  if (result.sandbox_id.empty())
    result.sandbox_id = container.pod_sandbox_id();
  bound(result);
  return result;
}

container_metadata to_metadata(const cri::container_status& status, const cri_pod& pod) {
  auto result = common_of(status, pod);
  apply_end(result, status);
  container_details details;
  details.annotations = to_map(status.annotations());
  for (const auto& x : status.mounts())
    if (details.mounts.size() < runtime_bounds::mounts)
      details.mounts.push_back({"bind", x.host_path(), x.container_path(), x.readonly()});
  details.networks = to_networks(pod);
  details.limits = to_limits(status.resources().linux());
  details.log_path = status.log_path();
  bound(details);
  result.details = std::make_shared<const container_details>(std::move(details));
  bound(result);
  return result;
}

void apply_end(container_metadata& metadata, const cri::container_status& status) {
  metadata.started_ns = time_of(status.started_at());
  if (state_of(status.state()) != container_state::exited)
    return;
  metadata.state = container_state::exited;
  metadata.pid = 0;
  metadata.exit_code = status.exit_code();
  metadata.finished_ns = time_of(status.finished_at());
  metadata.oom_killed = status.reason() == "OOMKilled";
  // containerd notes a start when it is done with it; a short life may be over by then.
  if (metadata.finished_ns != 0)
    metadata.started_ns = std::min(metadata.started_ns, metadata.finished_ns);
}

cri_info parse_cri_info(std::string_view json) {
  using namespace json_fields;
  json_document text{json};
  object fields;
  cri_info result;
  const bool whole =
      text.open(fields) && for_each_field(fields, [&](std::string_view key, value& content) {
        if (key == "pid")
          read_integer(content, result.pid);
        else if (key == "sandboxID")
          read_text(content, result.sandbox_id);
        else if (key == "runtimeType")
          read_text(content, result.runtime_type);
        else if (key == "runtimeSpec") {
          object spec;
          std::string_view raw;
          const auto error = content.get_object().get(spec);
          if (error == simdjson::INCORRECT_TYPE)
            return true;
          if (error != simdjson::SUCCESS || spec.raw_json().get(raw) != simdjson::SUCCESS)
            return false;
          result.spec = raw;
        }
        return true;
      });
  return whole ? result : cri_info{};
}

void apply_info(container_metadata& metadata, const cri_info& info, const cri_pod& pod) {
  const bool alive = metadata.state == container_state::running
                     || metadata.state == container_state::paused
                     || metadata.state == container_state::created;
  metadata.pid = alive ? info.pid : 0;
  if (!info.runtime_type.empty())
    metadata.oci_runtime = info.runtime_type;
  auto spec = parse_oci_spec(info.spec);
  if (!spec)
    return bound(metadata);
  metadata.nomad = spec->nomad;
  auto& details = spec->details;
  apply_annotations(metadata, details);
  for (auto& [kind, whose] : details.namespaces)
    if ((pod.host_network && (kind == "net" || kind == "uts")) || (pod.host_ipc && kind == "ipc"))
      whose = "host";
  if (metadata.details) { // What CRI says itself goes before what is in the spec.
    const auto& said = *metadata.details;
    details.annotations = said.annotations;
    details.networks = said.networks;
    if (!said.mounts.empty())
      details.mounts = said.mounts;
    if (!said.log_path.empty())
      details.log_path = said.log_path;
    const auto pids = details.limits.pids; // CRI has none
    if (said.limits != container_limits{})
      details.limits = said.limits;
    details.limits.pids = pids;
  }
  metadata.details = std::make_shared<const container_details>(std::move(details));
  bound(metadata);
}

namespace {

runtime_event_kind kind_of(cri::event_type type) {
  switch (type) {
    case cri::CONTAINER_CREATED_EVENT:
      return runtime_event_kind::created;
    case cri::CONTAINER_STARTED_EVENT:
      return runtime_event_kind::started;
    case cri::CONTAINER_STOPPED_EVENT:
      return runtime_event_kind::exited;
    default:
      return runtime_event_kind::removed;
  }
}

} // namespace

std::optional<runtime_event> to_event(const cri::container_event& from) {
  if (!plausible_id(from.container_id()))
    return std::nullopt;
  runtime_event event;
  event.kind = kind_of(from.type());
  event.time_ns = time_of(from.created_at());
  event.metadata.runtime = runtime_kind::crio;
  event.metadata.id = from.container_id();
  if (from.sandbox().id() == from.container_id()) {
    event.metadata = to_metadata(from.sandbox());
    event.named = true;
  }
  const auto& all = from.containers();
  const auto own = std::find_if(all.begin(), all.end(),
                                [&](const auto& x) { return x.id() == from.container_id(); });
  if (own != all.end()) {
    event.metadata = to_metadata(*own, to_pod(from.sandbox()));
    event.named = true;
  }
  return event;
}

bool has_own_events(std::string_view runtime_name, std::string_view runtime_version) {
  if (runtime_version.starts_with('v')) // containerd says "v2.0.1"
    runtime_version.remove_prefix(1);
  uint32_t major = 0;
  uint32_t minor = 0;
  const auto* end = runtime_version.data() + runtime_version.size();
  const auto [dot, error] = std::from_chars(runtime_version.data(), end, major);
  if (error != std::errc{} || dot == end || *dot != '.'
      || std::from_chars(dot + 1, end, minor).ec != std::errc{})
    return false;
  if (runtime_name == "cri-o")
    return major > 1 || (major == 1 && minor >= 28);
  return runtime_name == "containerd" && major >= 2;
}

} // namespace troupe
