// SPDX-License-Identifier: Apache-2.0
#include "actors/runtime_metadata/podman_json.hpp"

#include "actors/runtime_metadata/docker_fields.hpp"

#include <algorithm>
#include <limits>
#include <map>

namespace troupe {
namespace {

using namespace docker_fields;

constexpr std::string_view podman = "podman";

struct podman_facts {
  std::string pod_id;
  std::string oci_runtime;
};

bool read_own_field(std::string_view key, value& content, container_draft& draft,
                    podman_facts& facts) {
  auto& metadata = draft.metadata;
  if (key == "Pod")
    read_text(content, facts.pod_id);
  else if (key == "ImageDigest")
    read_text(content, metadata.image_digest);
  else if (key == "IsInfra")
    read_flag(content, metadata.sandbox);
  else if (key == "OCIRuntime") // HostConfig.Runtime is always "oci".
    read_text(content, facts.oci_runtime);
  else
    return key == "Image"; // the image's id; its name is in Config
  return true;
}

void finish_podman(container_metadata& metadata, std::string& pod_id) {
  metadata.runtime = runtime_kind::podman;
  bound(metadata);
  if (!plausible_id(pod_id)) // It goes into a URL.
    pod_id.clear();
}

int64_t nanoseconds(value& from) {
  int64_t seconds = 0;
  read_integer(from, seconds); // Year 1, a negative number, is "never".
  return seconds > 0 && seconds < std::numeric_limits<int64_t>::max() / 1'000'000'000
             ? seconds * 1'000'000'000
             : 0;
}

struct listed_container {
  container_answer answer{.metadata = {}, .complete = false};
  podman_pod pod;
  int exit_code = 0;
};

bool read_name(value& from, std::string& name) {
  std::vector<std::string> names;
  if (!read_texts(from, 1, names))
    return false;
  if (!names.empty())
    name = std::move(names.front());
  return true;
}

bool read_listed(std::string_view key, value& content, listed_container& listed) {
  auto& metadata = listed.answer.metadata;
  std::string_view text;
  if (key == "Labels")
    return read_labels(content, metadata.labels);
  if (key == "Names")
    return read_name(content, metadata.name);
  if (key == "Id")
    read_text(content, metadata.id);
  else if (key == "Image")
    read_text(content, metadata.image);
  else if (key == "Created")
    read_time(content, metadata.created_ns);
  else if (key == "StartedAt")
    metadata.started_ns = nanoseconds(content);
  else if (key == "ExitedAt")
    metadata.finished_ns = nanoseconds(content);
  else if (key == "ExitCode")
    read_integer(content, listed.exit_code);
  else if (key == "Pid")
    read_integer(content, metadata.pid);
  else if (key == "IsInfra")
    read_flag(content, metadata.sandbox);
  else if (key == "Pod")
    read_text(content, listed.pod.id);
  else if (key == "PodName")
    read_text(content, listed.pod.name);
  else if (key == "State" && content.get_string().get(text) == simdjson::SUCCESS)
    metadata.state = state_of(text);
  return true;
}

void finish_listed(listed_container& listed) {
  auto& metadata = listed.answer.metadata;
  if (metadata.state == container_state::exited)
    metadata.exit_code = listed.exit_code;
  else
    metadata.finished_ns = 0;
  finish_podman(metadata, listed.pod.id);
  listed.pod.name.resize(std::min(listed.pod.name.size(), runtime_bounds::name_bytes));
}

// Brings containers and pods together: only its infra container tells which one that is.
podman_list assemble(std::vector<listed_container> listed) {
  std::map<std::string, podman_pod> pods;
  for (const auto& x : listed) {
    if (x.pod.id.empty())
      continue;
    auto& pod = pods.try_emplace(x.pod.id, x.pod).first->second;
    if (x.answer.metadata.sandbox)
      pod.infra_id = x.answer.metadata.id;
  }
  podman_list result;
  for (auto& x : listed) {
    if (!x.pod.id.empty())
      apply_pod(pods.at(x.pod.id), x.answer.metadata);
    result.containers.push_back(std::move(x.answer));
  }
  for (auto& [id, pod] : pods)
    result.pods.push_back(std::move(pod));
  return result;
}

} // namespace

void apply_pod(const podman_pod& pod, container_metadata& metadata) {
  metadata.pod = pod.name;
  metadata.sandbox = metadata.sandbox || metadata.id == pod.infra_id;
  if (metadata.sandbox)
    return;
  metadata.sandbox_id = pod.infra_id;
  if (!metadata.details || pod.infra_id.empty())
    return;
  container_details details = *metadata.details;
  for (auto& [kind, sharing] : details.namespaces)
    if (sharing == "container:" + pod.infra_id)
      sharing = "pod";
  metadata.details = std::make_shared<const container_details>(std::move(details));
}

call_result<podman_container> parse_podman_container(std::string_view json) {
  json_document text{json};
  object fields;
  container_draft draft;
  podman_facts facts;
  const bool whole = text.open(fields)
                     && for_each_field(fields,
                                       [&](std::string_view key, value& content) {
                                         return read_own_field(key, content, draft, facts)
                                                || read_inspected(key, content, draft);
                                       })
                     && text.at_end();
  if (!whole || draft.metadata.id.empty())
    return garbage(podman, "the answer to inspect");
  draft.metadata.oci_runtime = std::move(facts.oci_runtime);
  podman_container result{{.metadata = finish(std::move(draft))}, std::move(facts.pod_id)};
  finish_podman(result.answer.metadata, result.pod_id);
  return result;
}

call_result<podman_list> parse_podman_list(std::string_view json) {
  json_document text{json};
  array items;
  if (!text.open(items))
    return garbage(podman, "the answer to list");
  std::vector<listed_container> result;
  for (auto item : items) {
    object fields;
    listed_container listed;
    const bool whole = item.get_object().get(fields) == simdjson::SUCCESS
                       && for_each_field(fields, [&](std::string_view key, value& content) {
                            return read_listed(key, content, listed);
                          });
    if (!whole || listed.answer.metadata.id.empty())
      return garbage(podman, "the answer to list");
    finish_listed(listed);
    if (result.size() < runtime_bounds::containers)
      result.push_back(std::move(listed));
  }
  if (!text.at_end())
    return garbage(podman, "the answer to list");
  return assemble(std::move(result));
}

call_result<podman_pod> parse_podman_pod(std::string_view json) {
  json_document text{json};
  object fields;
  podman_pod pod;
  const bool whole = text.open(fields)
                     && for_each_field(fields,
                                       [&](std::string_view key, value& content) {
                                         if (key == "Id")
                                           read_text(content, pod.id);
                                         else if (key == "Name")
                                           read_text(content, pod.name);
                                         else if (key == "InfraContainerID")
                                           read_text(content, pod.infra_id);
                                         return true;
                                       })
                     && text.at_end();
  if (!whole || pod.id.empty())
    return garbage(podman, "the answer about a pod");
  for (auto* name : {&pod.id, &pod.name, &pod.infra_id})
    name->resize(std::min(name->size(), runtime_bounds::name_bytes));
  return pod;
}

call_result<std::string> parse_podman_version(std::string_view json) {
  json_document text{json};
  object fields;
  std::string version;
  const bool whole =
      text.open(fields) && for_each_field(fields, [&](std::string_view key, value& content) {
        if (key == "Version")
          read_text(content, version);
        return true;
      });
  if (!whole || version.empty())
    return garbage(podman, "the answer to version");
  version.resize(std::min(version.size(), runtime_bounds::name_bytes));
  return version;
}

} // namespace troupe
