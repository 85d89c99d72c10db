// SPDX-License-Identifier: Apache-2.0
#include "actors/runtime_metadata/cri_record.hpp"

#include "actors/runtime_metadata/json_fields.hpp"

#include <charconv>

namespace troupe {
namespace {

using namespace json_fields;

bool read_attempt(value& from, uint32_t& attempt) {
  return for_each_field_of(from, [&](std::string_view key, value& content) {
    if (key == "attempt")
      read_integer(content, attempt);
    return true;
  });
}

// What the kubelet asked for.
bool read_config(value& from, cri_record& record, uint32_t& attempt) {
  return for_each_field_of(from, [&](std::string_view key, value& content) {
    if (key == "metadata")
      return read_attempt(content, attempt);
    if (key == "annotations")
      return read_labels(content, record.annotations);
    return true;
  });
}

bool read_metadata(value& from, cri_record& record) {
  uint32_t attempt = 0;
  std::string ip;
  std::vector<std::string> more_ips;
  const bool whole = for_each_field_of(from, [&](std::string_view key, value& content) {
    if (key == "SandboxID")
      read_text(content, record.sandbox_id);
    else if (key == "LogPath")
      read_text(content, record.log_path);
    else if (key == "Config")
      return read_config(content, record, attempt);
    else if (key == "IP")
      read_text(content, ip);
    else if (key == "AdditionalIPs")
      return read_texts(content, runtime_bounds::networks, more_ips);
    return true;
  });
  record.restarts = restarts_of(record.annotations, attempt);
  if (!ip.empty())
    record.networks.push_back(network_of(ip));
  for (const auto& x : more_ips)
    record.networks.push_back(network_of(x));
  return whole;
}

} // namespace

uint32_t restarts_of(const std::map<std::string, std::string>& annotations, uint32_t attempt) {
  const auto i = annotations.find("io.kubernetes.container.restartCount");
  uint32_t count = 0;
  if (i == annotations.end()
      || std::from_chars(i->second.data(), i->second.data() + i->second.size(), count).ec
             != std::errc{})
    return attempt;
  return count;
}

container_network network_of(const std::string& ip) {
  container_network network;
  (ip.find(':') == std::string::npos ? network.ipv4 : network.ipv6) = ip;
  return network;
}

cri_record parse_cri_record(std::string_view json) {
  json_document text{json};
  object fields;
  cri_record record;
  const bool whole =
      text.open(fields) && for_each_field(fields, [&](std::string_view key, value& content) {
        return key != "Metadata" || read_metadata(content, record);
      });
  return whole ? record : cri_record{};
}

} // namespace troupe
