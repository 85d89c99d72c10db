// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace CLI {
class App;
}

namespace troupe {

/// The text of `--help`: what the command does, its usage, examples, commands, flags by group.
/// `path` is how the user called it: "troupe trace exec".
[[nodiscard]] std::string format_help(const CLI::App& command, const std::string& path);

} // namespace troupe
