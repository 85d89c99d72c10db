// SPDX-License-Identifier: Apache-2.0
#pragma once

// Shared with: console

#include "messages/host.hpp"

#include <string>

namespace troupe {

/// What the machine says of itself, read below host_root ("" = this machine's own root). What
/// cannot be read or is not what it should be stays empty.
node_info read_node_info(const std::string& host_root);

} // namespace troupe
