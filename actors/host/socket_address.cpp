// SPDX-License-Identifier: Apache-2.0
#include "actors/host/socket_address.hpp"

#include <algorithm>
#include <array>

#include <arpa/inet.h>

namespace troupe {

std::string endpoint_text(int family, const void* address, uint16_t port) {
  constexpr std::array<unsigned char, 12> v4_mapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  std::array<char, INET6_ADDRSTRLEN> text{};
  const auto* bytes = static_cast<const unsigned char*>(address);
  const bool mapped = family == AF_INET6 && std::equal(v4_mapped.begin(), v4_mapped.end(), bytes);
  const auto number = std::to_string(port);
  if (family == AF_INET || mapped) {
    inet_ntop(AF_INET, bytes + (mapped ? v4_mapped.size() : 0), text.data(), text.size());
    return std::string{text.data()} + ':' + number;
  }
  inet_ntop(AF_INET6, bytes, text.data(), text.size());
  return '[' + std::string{text.data()} + "]:" + number;
}

} // namespace troupe
