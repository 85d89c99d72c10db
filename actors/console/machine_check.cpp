// SPDX-License-Identifier: Apache-2.0
#include "actors/console/machine_check.hpp"

#include <fmt/format.h>

#include <sys/utsname.h>
#include <unistd.h>

namespace troupe {

machine_check check_machine(const settings& config) {
  machine_check machine;
  utsname name{};
  if (::uname(&name) == 0) {
    machine.release = name.release;
    machine.architecture = name.machine;
  }
  machine.btf = ::access(btf_path, R_OK) == 0;
  machine.hierarchy = find_cgroup_hierarchy(config.host_root, config.cgroup_root);
  machine.capabilities = own_capabilities();
  return machine;
}

std::string describe_obstacle(const machine_check& machine) {
  if (auto missing = describe_missing(machine.capabilities); !missing.empty())
    return missing;
  if (!machine.btf)
    return fmt::format("cannot read {}: this kernel ({}) does not describe its types; use one with "
                       "CONFIG_DEBUG_INFO_BTF, 5.15 or newer",
                       btf_path, machine.release);
  if (!machine.hierarchy)
    return "found no cgroup hierarchy: mount cgroup2 on /sys/fs/cgroup, or name it with "
           "--cgroup-root";
  return {};
}

std::string describe(const cgroup_hierarchy& hierarchy) {
  return hierarchy.controller.empty()
             ? fmt::format("the unified hierarchy (v2) at {}", hierarchy.mount)
             : fmt::format("the {} hierarchy (v1) at {}", hierarchy.controller, hierarchy.mount);
}

} // namespace troupe
