// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/runtime_metadata/runtime_client.hpp"
#include "messages/runtime.hpp"
#include "messages/settings.hpp"

#include <string>
#include <variant>
#include <vector>

namespace troupe {

/// More are not looked at: every user may have a podman.
inline constexpr size_t endpoints_max = 64;

/// The runtime sockets to ask now: those from the settings, whether they exist or not, and of every
/// kind without any those at its usual paths below host_root that exist. Ask again later: a runtime
/// may be installed, and a user log in. Reads a few directories; does not connect.
std::vector<runtime_endpoint> runtime_endpoints(const settings& config);

/// Whether somebody accepts connections on a unix socket; says why not in words for a person.
/// Does not wait: connecting to a unix socket either succeeds at once or fails.
call_result<std::monostate> try_connect(const runtime_endpoint& endpoint);

} // namespace troupe
