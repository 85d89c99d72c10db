// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <span>

namespace troupe {

/// Runs a BPF iterator once and gives what its program wrote, in chunks of whole records. False
/// when it could not be run to its end.
bool run_iterator(int link_fd, const std::function<void(std::span<const std::byte>)>& chunk);

} // namespace troupe
