// SPDX-License-Identifier: Apache-2.0
#pragma once

// How docker, and podman after it, answer over HTTP: an error is a JSON object with a message.

#include "actors/runtime_metadata/runtime_client.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace troupe {

/// What a status other than 200 means. `expected` ends the question "is it the socket of ...?".
call_error refused_by(const runtime_endpoint& endpoint, long status, std::string_view body,
                      std::string_view expected);

/// The body of a 200, or why there is none; see http_get().
call_result<std::string> get_body(const runtime_endpoint& endpoint, const std::string& target,
                                  size_t body_max, std::string_view expected,
                                  const call_limits& limits);

} // namespace troupe
