// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace CLI {
class App;
}

namespace troupe {

/// The completion script of a shell, "bash", "zsh" or "fish", made of the commands and flags that
/// there are; nothing for any other. Names of containers come from `troupe list` while somebody
/// types: the script takes them as texts, never as something to evaluate.
[[nodiscard]] std::optional<std::string> completion_script(const CLI::App& app,
                                                           std::string_view shell);

} // namespace troupe
