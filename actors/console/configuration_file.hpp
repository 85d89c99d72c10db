// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/console/settings_schema.hpp"

#include <string>

namespace troupe {

/// Takes over what the YAML file says. Answers one line with file and line number, or nothing.
[[nodiscard]] std::string read_configuration_file(const std::string& path, configuration& into);

} // namespace troupe
