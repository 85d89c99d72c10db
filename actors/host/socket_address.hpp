// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

namespace troupe {

/// "10.0.0.1:80", "[::1]:80". `address` is in network byte order, of 4 or 16 bytes by its family
/// (AF_INET, AF_INET6); an IPv4 address within IPv6 is written as IPv4. The port is a number.
[[nodiscard]] std::string endpoint_text(int family, const void* address, uint16_t port);

} // namespace troupe
