// SPDX-License-Identifier: Apache-2.0
#include "actors/host/nat_check.hpp"

#include "actors/host/kernel_nat_sources.hpp"

namespace troupe {

nat_check check_nat(const std::string& host_root) {
  kernel_nat_sources sources{host_root};
  nat_check result;
  result.cilium = sources.has_cilium();
  result.conntrack = sources.has_conntrack();
  if (result.conntrack)
    result.obstacle = sources.obstacle();
  return result;
}

} // namespace troupe
