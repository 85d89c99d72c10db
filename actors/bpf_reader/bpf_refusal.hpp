// SPDX-License-Identifier: Apache-2.0
#pragma once

// Why the kernel refused something, in words for a user.

#include <string>
#include <string_view>

namespace troupe {

/// Keeps what libbpf prints from now on, the verifier's log included, instead of printing it.
void keep_libbpf_text();

/// What libbpf has printed in this thread since the last clear_libbpf_text(), at most 64 KiB.
const std::string& libbpf_text();
void clear_libbpf_text();

/// Of an errno that a step ("load", a program's name) ended with.
std::string refusal(int error, std::string_view step);

} // namespace troupe
