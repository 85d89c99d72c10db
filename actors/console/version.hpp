// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/console/commands.hpp"

#include <string>

namespace troupe {

/// The version as text, or as JSON or YAML with what it was built with.
[[nodiscard]] std::string version_text(output_format format);

/// `troupe version`.
int run_version_command(const version_request& request, const output_streams& streams);

} // namespace troupe
