// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/runtime_metadata/runtime_client.hpp"
#include "messages/runtime.hpp"
#include "messages/settings.hpp"

#include <string>
#include <variant>
#include <vector>

namespace troupe {

/// The runtime sockets to ask: those from the settings, else the usual paths below host_root.
/// Sockets that do not exist now are listed too: their runtime may be started later.
std::vector<runtime_endpoint> runtime_endpoints(const settings& config);

/// Whether somebody accepts connections on a unix socket; says why not in words for a person.
/// Does not wait: connecting to a unix socket either succeeds at once or fails.
call_result<std::monostate> try_connect(const runtime_endpoint& endpoint);

} // namespace troupe
