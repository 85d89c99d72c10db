// SPDX-License-Identifier: Apache-2.0
#include "actors/console/machine_addresses.hpp"

#include <arpa/inet.h>
#include <array>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>

namespace troupe {

std::set<std::string> machine_addresses() {
  std::set<std::string> result;
  ifaddrs* all = nullptr;
  if (::getifaddrs(&all) != 0)
    return result;
  for (const auto* x = all; x != nullptr; x = x->ifa_next) {
    if (x->ifa_addr == nullptr || (x->ifa_flags & IFF_LOOPBACK) != 0)
      continue;
    std::array<char, INET6_ADDRSTRLEN> text{};
    const int family = x->ifa_addr->sa_family;
    const void* address = nullptr;
    if (family == AF_INET)
      address = &reinterpret_cast<const sockaddr_in*>(x->ifa_addr)->sin_addr;
    else if (family == AF_INET6)
      address = &reinterpret_cast<const sockaddr_in6*>(x->ifa_addr)->sin6_addr;
    if (address != nullptr && ::inet_ntop(family, address, text.data(), text.size()) != nullptr)
      result.emplace(text.data());
  }
  ::freeifaddrs(all);
  return result;
}

} // namespace troupe
