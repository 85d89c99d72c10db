// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace troupe {

/// The text as a gzip member, at the fastest level: exposition shrinks to a twentieth even so.
/// Empty when zlib refuses (no memory).
std::optional<std::string> gzip(std::string_view text);

/// True when an Accept-Encoding header allows gzip (RFC 9110, section 12.5.3): it is named, and not
/// with q=0.
bool accepts_gzip(std::string_view accept_encoding);

} // namespace troupe
