// SPDX-License-Identifier: Apache-2.0
#pragma once

// What docker_json.cpp and docker_event.cpp share. Not for others.

#include "actors/runtime_metadata/json_fields.hpp"
#include "actors/runtime_metadata/runtime_client.hpp"

#include <string>
#include <string_view>

namespace troupe::docker_fields {

using namespace json_fields;

inline call_error garbage(const char* what) {
  return {ec::runtime_garbage, std::string{what}
                                   + " is not docker's JSON; does another program listen on this "
                                     "socket?"};
}

inline std::string without_slash(std::string_view name) {
  return std::string{name.starts_with('/') ? name.substr(1) : name};
}

/// The last touch to what was read: kind, sandbox, bounds.
void finish(container_metadata& metadata);

} // namespace troupe::docker_fields
