// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/console/commands.hpp"

#include <string>
#include <vector>

namespace troupe {

/// Understands the arguments (without the program's name), runs the command and answers the exit
/// code. Help goes to `out`; what is wrong with the arguments goes to `err`, as one line and a
/// hint.
[[nodiscard]] int run_command_line(const std::vector<std::string>& arguments,
                                   const output_streams& streams,
                                   const environment_lookup& environment,
                                   const command_set& commands);

} // namespace troupe
