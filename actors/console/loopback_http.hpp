// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <string>

namespace troupe {

/// A document, or why there is none, in words for the user.
struct http_document {
  bool ok = false;
  std::string text;
};

/// GET http://<agent><target>. `agent` is an address as --listen takes it: numbers, no name is
/// looked up. Whatever listens there, the call ends in time and takes no more than so many bytes.
[[nodiscard]] http_document get_from_agent(const std::string& agent, const std::string& target,
                                           std::chrono::milliseconds timeout, size_t bytes_max);

} // namespace troupe
