// SPDX-License-Identifier: Apache-2.0

#include "actors/gc_ticker/gc_ticker.hpp"

#include "actors/supervisor/actor_defaults.hpp"

#include <algorithm>

namespace troupe {

namespace {

using pointer = gauged_pointer<gc_ticker_actor, gc_ticker_state>;

void add_target(pointer self, const tick_target_actor& target) {
  auto& targets = self->state.targets;
  if (!target || std::find(targets.begin(), targets.end(), target) != targets.end())
    return;
  self->monitor(target);
  targets.push_back(target);
}

void arm(pointer self) {
  self->delayed_send(gc_ticker_actor{self}, self->state.interval, tick{});
}

} // namespace

gc_ticker_actor::behavior_type gc_ticker(pointer self, std::chrono::milliseconds interval,
                                         const std::vector<tick_target_actor>& targets) {
  install_defaults(self, "gc_ticker");
  // A zero would make the clock a busy loop.
  self->state.interval = std::max(interval, std::chrono::milliseconds{1});
  for (const auto& target : targets)
    add_target(self, target);
  self->set_down_handler([self](const caf::down_msg& down) {
    std::erase_if(self->state.targets,
                  [&](const tick_target_actor& target) { return target.address() == down.source; });
  });
  arm(self);
  return {
      [self](const tick&) {
        for (const auto& target : self->state.targets)
          self->send(target, tick{});
        // A tick from somebody else must not start a second clock that runs beside this one.
        if (self->current_sender() == self->ctrl())
          arm(self);
      },
      [self](const tick_target_actor& target) { add_target(self, target); },
  };
}

} // namespace troupe
