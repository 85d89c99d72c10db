// SPDX-License-Identifier: Apache-2.0

#include "actors/host/host.hpp"

#include "actors/host/cgroup_walk.hpp"
#include "actors/host/kernel_nat_sources.hpp"
#include "actors/host/node_info.hpp"
#include "actors/supervisor/actor_defaults.hpp"

#include <utility>

namespace troupe {

namespace {

nat_answers answer(host_state& st, const nat_questions& questions) {
  if (!st.resolver)
    st.resolver = std::make_unique<nat_resolver>(st.open_sources());
  return st.resolver->answer(questions);
}

} // namespace

translating_host_actor::behavior_type host(gauged_pointer<translating_host_actor, host_state> self,
                                           const settings& options,
                                           const cgroup_hierarchy& hierarchy) {
  return host_with(self, options, hierarchy, [root = options.host_root] {
    return std::make_unique<kernel_nat_sources>(root);
  });
}

translating_host_actor::behavior_type
host_with(gauged_pointer<translating_host_actor, host_state> self, const settings& options,
          const cgroup_hierarchy& hierarchy, nat_sources_factory open_sources) {
  install_defaults(self, "host");
  self->state.open_sources = std::move(open_sources);
  self->state.host_root = options.host_root;
  self->state.hierarchy = hierarchy;
  return {
      [self](const get_node_info&) { return read_node_info(self->state.host_root); },
      [self](const scan_cgroups&) -> caf::result<cgroup_listing> {
        auto walked = walk_cgroups(self->state.hierarchy);
        const auto& mount = self->state.hierarchy.mount;
        if (walked.cgroups.empty())
          return make_error(ec::unknown_cgroup, "cannot read the cgroups below " + mount
                                                    + "; set the cgroup root to where cgroupfs is "
                                                      "mounted");
        if (!walked.complete)
          spdlog::warn("host walk-incomplete only the first {} cgroups below {} were read",
                       walked.cgroups.size(), mount);
        return walked;
      },
      [self](const cgroup_unknown& x) -> caf::result<cgroup_found> {
        if (auto found = find_cgroup(self->state.hierarchy, x.cgroup))
          return std::move(*found);
        return make_error(ec::unknown_cgroup, std::to_string(x.cgroup));
      },
      [self](const nat_questions& x) { return answer(self->state, x); },
  };
}

} // namespace troupe
