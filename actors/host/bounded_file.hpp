// SPDX-License-Identifier: Apache-2.0
#pragma once

// Shared with: console, runtime_metadata

#include <cstddef>
#include <optional>
#include <string>

namespace troupe {

/// At most max_bytes from the beginning of a regular file; empty when it cannot be opened or is
/// something else (opening a FIFO would wait for a writer).
std::optional<std::string> read_bounded(const std::string& path, size_t max_bytes);

} // namespace troupe
