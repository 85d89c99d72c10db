// SPDX-License-Identifier: Apache-2.0
#pragma once

// Shared with: console

#include "messages/runtime.hpp"
#include "messages/settings.hpp"

#include <string>
#include <vector>

namespace troupe {

/// Asks every endpoint for its version, all at once and for at most a second: what `troupe doctor`
/// shows. Needs no actors.
std::vector<runtime_status> probe_runtimes(const settings& config);

/// Where sockets are looked for, for "there is none at ...".
std::string usual_runtime_paths();

} // namespace troupe
