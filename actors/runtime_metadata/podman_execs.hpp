// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/runtime_metadata/metadata_bounds.hpp"
#include "actors/runtime_metadata/runtime_client.hpp"

#include <map>
#include <string>

namespace troupe {

/// podman's events do not say which exec ended, tell many an end twice, and that of a health check
/// without its start. Keeps count, so that each end is told once, and with an exit code only where
/// that can be no other's.
class podman_execs {
public:
  /// Takes in an event, and out of it what is not certain. False: nobody should hear of it.
  bool admit(runtime_event& event) {
    const auto& id = event.metadata.id;
    switch (event.kind) {
      case runtime_event_kind::exec_started:
        if (open_.size() < runtime_bounds::containers || open_.contains(id))
          ++open_[id].count;
        return true;
      case runtime_event_kind::exec_exited:
        return admit_end(event);
      case runtime_event_kind::exited:
      case runtime_event_kind::removed:
        open_.erase(id);
        return true;
      default:
        return true;
    }
  }

private:
  struct open_execs {
    uint32_t count = 0;
    bool mixed = false; ///< more than one ran since the last time that none did
  };

  bool admit_end(runtime_event& event) {
    auto i = open_.find(event.metadata.id);
    if (i == open_.end())
      return false;
    auto& [count, mixed] = i->second;
    mixed = mixed || count > 1;
    if (mixed)
      event.exec.exit_code.reset();
    if (--count == 0)
      open_.erase(i);
    return true;
  }

  std::map<std::string, open_execs> open_;
};

} // namespace troupe
