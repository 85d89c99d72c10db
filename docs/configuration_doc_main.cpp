// SPDX-License-Identifier: Apache-2.0

// Prints docs/configuration.md.

#include "actors/console/settings_schema.hpp"

#include <cstdio>
#include <string>

int main() {
  const auto text = "<!-- Written by ./dev docs; do not edit. -->\n"
                    "# Configuration\n\n"
                    "One table of settings makes the flags, the environment variables and the keys "
                    "of the YAML file\nthat `--config` names. A flag wins over the environment, "
                    "the environment over the file, the\nfile over the default. `troupe COMMAND "
                    "--help` shows the flags that hold for that command.\n\n"
                    + troupe::settings_markdown();
  const auto written = std::fwrite(text.data(), 1, text.size(), stdout);
  return written == text.size() && std::fflush(stdout) == 0 ? 0 : 1;
}
