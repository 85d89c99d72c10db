// SPDX-License-Identifier: Apache-2.0
#include "actors/container/destination.hpp"

#include <arpa/inet.h>

#include <algorithm>

namespace troupe {

namespace {

constexpr std::array<uint8_t, 12> v4_mapped_prefix = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

bool is_v4(const ip_address& ip) {
  return std::equal(v4_mapped_prefix.begin(), v4_mapped_prefix.end(), ip.bytes.begin());
}

} // namespace

ip_address fold_loopback(const ip_address& ip) {
  if (!is_v4(ip) || ip.bytes[12] != 127)
    return ip; // IPv6 has one loopback address only.
  auto folded = ip;
  folded.bytes[13] = 0;
  folded.bytes[14] = 0;
  folded.bytes[15] = 1;
  return folded;
}

endpoint fold_destination(const endpoint& dialled, port_range ephemeral) {
  return {fold_loopback(dialled.ip), ephemeral.contains(dialled.port) ? uint16_t{0} : dialled.port};
}

std::string to_text(const ip_address& ip) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (is_v4(ip))
    inet_ntop(AF_INET, ip.bytes.data() + v4_mapped_prefix.size(), text.data(), text.size());
  else
    inet_ntop(AF_INET6, ip.bytes.data(), text.data(), text.size());
  return text.data();
}

std::string to_text(const endpoint& x) {
  const auto port = std::to_string(x.port);
  if (is_v4(x.ip))
    return to_text(x.ip) + ':' + port;
  return '[' + to_text(x.ip) + "]:" + port;
}

} // namespace troupe
