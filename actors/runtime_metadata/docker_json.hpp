// SPDX-License-Identifier: Apache-2.0
#pragma once

// The Docker Engine API's JSON, as far as we read it. Text in, values out: no I/O, no exceptions.
// A field that is missing, null or of another type is left at its default; text that is no JSON
// object, or has no id, is ec::runtime_garbage.

#include "actors/runtime_metadata/runtime_client.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe {

/// GET /containers/<id>/json
call_result<container_answer> parse_docker_container(std::string_view json);

/// GET /containers/json?all=1. Every answer is incomplete: no pid, no exit code, no times.
call_result<std::vector<container_answer>> parse_docker_list(std::string_view json);

/// One line of GET /events. Empty for events of other things, or that change nothing we show.
call_result<std::optional<runtime_event>> parse_docker_event(std::string_view line);

/// GET /version
call_result<std::string> parse_docker_version(std::string_view json);

/// The "message" of an error answer; empty when there is none.
std::string parse_docker_error(std::string_view json);

} // namespace troupe
