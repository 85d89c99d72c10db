// SPDX-License-Identifier: Apache-2.0
#pragma once

// What docker's JSON and podman's, which is made after it, have in common. For the .cpp files of
// their parsers only.

#include "actors/runtime_metadata/json_fields.hpp"
#include "actors/runtime_metadata/runtime_client.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace troupe::docker_fields {

using namespace json_fields;

inline call_error garbage(std::string_view runtime, const char* what) {
  return {ec::runtime_garbage, std::string{what} + " is not " + std::string{runtime}
                                   + "'s JSON; does another program listen on this socket?"};
}

inline std::string without_slash(std::string_view name) {
  return std::string{name.starts_with('/') ? name.substr(1) : name};
}

/// A container's state by docker's word for it, or podman's; unknown for any other text.
container_state state_of(std::string_view word);

/// One container while it is read.
struct container_draft {
  container_metadata metadata;
  container_details details;
  std::string cgroup_parent;
  int64_t nano_cpus = 0; ///< a CPU is 10^9
  int64_t quota_us = 0;
  int64_t period_us = 0;
};

/// Reads a field of an inspected container that means the same to docker and to podman; others are
/// skipped. False when the text breaks off or is no JSON.
bool read_inspected(std::string_view key, value& content, container_draft& draft);

/// What all fields together say, bounded. Everything but the runtime's kind.
container_metadata finish(container_draft draft);

/// The last touch to docker's metadata: kind, sandbox, bounds.
void finish_docker(container_metadata& metadata);

/// A line of an event stream.
struct raw_event {
  std::string type;
  std::string action;
  std::string id;
  std::string health; ///< podman's
  std::map<std::string, std::string> attributes;
  int64_t time_ns = 0;
};

/// Empty for what is no JSON object.
std::optional<raw_event> read_event(std::string_view line);

/// Removes an attribute and returns it; empty when there is none.
std::string take(std::map<std::string, std::string>& attributes, const char* key);

/// The number that is all of the text.
std::optional<int> to_int(std::string_view text);

} // namespace troupe::docker_fields
