// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace troupe {

/// Why nobody can listen there, for a user; empty when one can, or when nobody is to listen. Asked
/// before anything is loaded, so that a port in use costs a line and not half an agent.
[[nodiscard]] std::string check_endpoint(const std::string& listen);

/// Where to look at the metrics from this machine: "http://127.0.0.1:9912/metrics".
[[nodiscard]] std::string local_metrics_url(const std::string& listen);

} // namespace troupe
