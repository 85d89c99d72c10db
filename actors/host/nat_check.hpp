// SPDX-License-Identifier: Apache-2.0
#pragma once

// Shared with: console

#include <string>

namespace troupe {

/// What a person is told of who translates addresses on this machine.
struct nat_check {
  bool conntrack = false; ///< there is one; without, nothing is translated by it
  std::string obstacle;   ///< why it cannot be asked; empty: it can
  bool cilium = false;    ///< its maps are there
};

[[nodiscard]] nat_check check_nat(const std::string& host_root);

} // namespace troupe
