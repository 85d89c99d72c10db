// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <set>
#include <string>

namespace troupe {

/// The IPs of the network namespace that we run in, without loopback.
[[nodiscard]] std::set<std::string> machine_addresses();

} // namespace troupe
