// SPDX-License-Identifier: Apache-2.0
#include "actors/runtime_metadata/docker_json.hpp"

#include "actors/runtime_metadata/docker_fields.hpp"

#include <algorithm>
#include <limits>

namespace troupe {
namespace {

// Kubernetes' pause container: cri-dockerd labels it, and names it POD.
bool is_sandbox(const std::map<std::string, std::string>& labels) {
  auto has = [&](const char* key, std::string_view text) {
    auto i = labels.find(key);
    return i != labels.end() && i->second == text;
  };
  return has("io.kubernetes.docker.type", "podsandbox")
         || has("io.kubernetes.container.name", "POD");
}

} // namespace

void docker_fields::finish_docker(container_metadata& metadata) {
  metadata.runtime = runtime_kind::docker;
  metadata.sandbox = is_sandbox(metadata.labels);
  bound(metadata);
}

namespace {

using namespace docker_fields;

constexpr std::string_view docker = "docker";

// A container has one name of its own; links give it others, as "/other/alias".
bool read_own_name(value& from, std::string& name) {
  array names;
  const auto error = from.get_array().get(names);
  if (error == simdjson::INCORRECT_TYPE)
    return true;
  if (error != simdjson::SUCCESS)
    return false;
  for (auto item : names) {
    value content;
    if (item.get(content) != simdjson::SUCCESS)
      return false;
    std::string_view text;
    if (content.get_string().get(text) == simdjson::SUCCESS
        && text.find('/', 1) == std::string_view::npos)
      name = without_slash(text);
  }
  return true;
}

bool read_listed(std::string_view key, value& content, container_metadata& metadata) {
  std::string_view text;
  int64_t seconds = 0;
  if (key == "Id")
    read_text(content, metadata.id);
  else if (key == "Names")
    return read_own_name(content, metadata.name);
  else if (key == "Image")
    read_text(content, metadata.image);
  else if (key == "ImageID")
    read_text(content, metadata.image_digest);
  else if (key == "Created" && content.get_int64().get(seconds) == simdjson::SUCCESS) {
    if (seconds > 0 && seconds < std::numeric_limits<int64_t>::max() / 1'000'000'000)
      metadata.created_ns = seconds * 1'000'000'000;
  } else if (key == "State" && content.get_string().get(text) == simdjson::SUCCESS)
    metadata.state = state_of(text);
  else if (key == "Labels")
    return read_labels(content, metadata.labels);
  return true;
}

} // namespace

call_result<container_answer> parse_docker_container(std::string_view json) {
  json_document text{json};
  object fields;
  container_draft draft;
  const bool whole = text.open(fields)
                     && for_each_field(fields,
                                       [&](std::string_view key, value& content) {
                                         if (key != "Image")
                                           return read_inspected(key, content, draft);
                                         read_text(content, draft.metadata.image_digest);
                                         return true;
                                       })
                     && text.at_end();
  if (!whole || draft.metadata.id.empty())
    return garbage(docker, "the answer to inspect");
  container_answer answer{.metadata = finish(std::move(draft))};
  finish_docker(answer.metadata);
  return answer;
}

call_result<std::vector<container_answer>> parse_docker_list(std::string_view json) {
  json_document text{json};
  array items;
  if (!text.open(items))
    return garbage(docker, "the answer to list");
  std::vector<container_answer> result;
  for (auto item : items) {
    object fields;
    container_answer answer{.metadata = {}, .complete = false};
    const bool whole = item.get_object().get(fields) == simdjson::SUCCESS
                       && for_each_field(fields, [&](std::string_view key, value& content) {
                            return read_listed(key, content, answer.metadata);
                          });
    if (!whole || answer.metadata.id.empty())
      return garbage(docker, "the answer to list");
    finish_docker(answer.metadata);
    if (result.size() < runtime_bounds::containers)
      result.push_back(std::move(answer));
  }
  if (!text.at_end())
    return garbage(docker, "the answer to list");
  return result;
}

call_result<std::string> parse_docker_version(std::string_view json) {
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
    return garbage(docker, "the answer to version");
  version.resize(std::min(version.size(), runtime_bounds::name_bytes));
  return version;
}

std::string parse_docker_error(std::string_view json) {
  json_document text{json};
  object fields;
  std::string message;
  if (text.open(fields))
    for_each_field(fields, [&](std::string_view key, value& content) {
      if (key == "message")
        read_text(content, message);
      return true;
    });
  message.resize(std::min(message.size(), runtime_bounds::name_bytes));
  return message;
}

} // namespace troupe
