// SPDX-License-Identifier: Apache-2.0
#include "actors/kubernetes_workloads/pod_list.hpp"

#include <simdjson.h>

#include <algorithm>
#include <string_view>

namespace troupe {

namespace {

namespace ondemand = simdjson::ondemand;

constexpr size_t name_bytes_max = 253; // A DNS subdomain, as all of Kubernetes' names.
constexpr size_t owners_max = 64;

/// What of a pod's metadata counts. ondemand goes through a document once and in its order, so all
/// is collected first.
struct pod_metadata {
  std::string name;
  std::string name_space;
  std::string template_hash; ///< of the ReplicaSet, or of Argo's
  std::string owner_kind;
  std::string owner_name;
  bool has_controller = false;
};

std::string text_of(ondemand::value value) {
  std::string_view text;
  if (value.get_string().get(text) != simdjson::SUCCESS || text.size() > name_bytes_max)
    return {};
  return std::string{text};
}

bool read_labels(ondemand::value value, pod_metadata& pod) {
  ondemand::object labels;
  if (value.get_object().get(labels) != simdjson::SUCCESS)
    return true; // null
  for (auto field : labels) {
    std::string_view key;
    ondemand::value label;
    if (field.unescaped_key().get(key) != simdjson::SUCCESS
        || field.value().get(label) != simdjson::SUCCESS)
      return false;
    if (key == "pod-template-hash" || key == "rollouts-pod-template-hash")
      pod.template_hash = text_of(label);
  }
  return true;
}

bool read_owner(ondemand::object owner, pod_metadata& pod) {
  std::string kind;
  std::string name;
  bool controller = false;
  for (auto field : owner) {
    std::string_view key;
    ondemand::value value;
    if (field.unescaped_key().get(key) != simdjson::SUCCESS
        || field.value().get(value) != simdjson::SUCCESS)
      return false;
    if (key == "kind")
      kind = text_of(value);
    else if (key == "name")
      name = text_of(value);
    else if (key == "controller" && value.get_bool().get(controller) != simdjson::SUCCESS)
      controller = false;
  }
  // At most one is the controller. Where none is, the first one stands for it.
  if (!name.empty() && !pod.has_controller && (controller || pod.owner_name.empty())) {
    pod.owner_kind = std::move(kind);
    pod.owner_name = std::move(name);
    pod.has_controller = controller;
  }
  return true;
}

bool read_owners(ondemand::value value, pod_metadata& pod) {
  ondemand::array owners;
  if (value.get_array().get(owners) != simdjson::SUCCESS)
    return true; // null
  size_t count = 0;
  for (auto element : owners) {
    ondemand::object owner;
    if (element.get_object().get(owner) != simdjson::SUCCESS || ++count > owners_max
        || !read_owner(owner, pod))
      return false;
  }
  return true;
}

bool read_metadata(ondemand::value value, pod_metadata& pod) {
  ondemand::object fields;
  if (value.get_object().get(fields) != simdjson::SUCCESS)
    return false;
  for (auto field : fields) {
    std::string_view key;
    ondemand::value content;
    if (field.unescaped_key().get(key) != simdjson::SUCCESS
        || field.value().get(content) != simdjson::SUCCESS)
      return false;
    bool good = true;
    if (key == "name")
      pod.name = text_of(content);
    else if (key == "namespace")
      pod.name_space = text_of(content);
    else if (key == "labels")
      good = read_labels(content, pod);
    else if (key == "ownerReferences")
      good = read_owners(content, pod);
    if (!good)
      return false;
  }
  return true;
}

/// `text` without "-<suffix>" at its end; all of it where it has none, or nothing else.
std::string without(const std::string& text, std::string_view suffix) {
  if (suffix.empty() || text.size() < suffix.size() + 2 || !text.ends_with(suffix)
      || text[text.size() - suffix.size() - 1] != '-')
    return text;
  return text.substr(0, text.size() - suffix.size() - 1);
}

/// The controller names a Job after its CronJob and the scheduled time, in minutes since 1970
/// (before Kubernetes 1.21: in seconds).
std::string_view scheduled_time_of(std::string_view job) {
  const auto dash = job.rfind('-');
  const auto last = dash == std::string_view::npos ? std::string_view{} : job.substr(dash + 1);
  const bool digits =
      last.size() >= 8 && last.size() <= 10
      && std::all_of(last.begin(), last.end(), [](char c) { return c >= '0' && c <= '9'; });
  return digits ? last : std::string_view{};
}

pod_workload workload_of(pod_metadata&& pod) {
  pod_workload result;
  if (pod.owner_kind == "ReplicaSet") {
    result.workload = without(pod.owner_name, pod.template_hash);
  } else if (pod.owner_kind == "Job") {
    result.workload = without(pod.owner_name, scheduled_time_of(pod.owner_name));
    result.cron_job = result.workload != pod.owner_name;
  } else if (pod.owner_kind == "Node") {
    result.workload = without(pod.name, pod.owner_name);
  } else {
    result.workload = std::move(pod.owner_name);
  }
  result.name_space = std::move(pod.name_space);
  result.pod = std::move(pod.name);
  return result;
}

bool read_pod(ondemand::object pod, pod_workloads& result) {
  pod_metadata metadata;
  for (auto field : pod) {
    std::string_view key;
    ondemand::value value;
    if (field.unescaped_key().get(key) != simdjson::SUCCESS
        || field.value().get(value) != simdjson::SUCCESS)
      return false;
    if (key == "metadata" && !read_metadata(value, metadata))
      return false;
  }
  if (!metadata.name.empty() && !metadata.name_space.empty()
      && result.pods.size() < listed_pods_max)
    result.pods.push_back(workload_of(std::move(metadata)));
  return true;
}

bool read_items(ondemand::value value, pod_workloads& result) {
  ondemand::json_type type{};
  if (value.type().get(type) != simdjson::SUCCESS)
    return false;
  if (type == ondemand::json_type::null) // Go's nil slice: the kubelet has no pods yet.
    return value.raw_json_token().starts_with("null");
  ondemand::array items;
  if (value.get_array().get(items) != simdjson::SUCCESS)
    return false;
  for (auto element : items) {
    ondemand::object pod;
    if (element.get_object().get(pod) != simdjson::SUCCESS || !read_pod(pod, result))
      return false;
  }
  return true;
}

} // namespace

std::optional<pod_workloads> parse_pod_list(std::string text) {
  text.reserve(text.size() + simdjson::SIMDJSON_PADDING);
  ondemand::parser parser;
  ondemand::document document;
  ondemand::object list;
  const simdjson::padded_string_view padded{text.data(), text.size(), text.capacity()};
  if (parser.iterate(padded).get(document) != simdjson::SUCCESS
      || document.get_object().get(list) != simdjson::SUCCESS)
    return {};
  pod_workloads result;
  bool has_items = false;
  for (auto field : list) {
    std::string_view key;
    ondemand::value value;
    if (field.unescaped_key().get(key) != simdjson::SUCCESS
        || field.value().get(value) != simdjson::SUCCESS)
      return {};
    if (key != "items")
      continue;
    has_items = true;
    if (!read_items(value, result))
      return {};
  }
  return has_items ? std::optional{std::move(result)} : std::nullopt;
}

} // namespace troupe
