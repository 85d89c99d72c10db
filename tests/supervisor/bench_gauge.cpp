// SPDX-License-Identifier: Apache-2.0

// Not a test: prints what a gauge costs a message. Two actors of each sort pass messages with 64
// under way, on the scheduler that the agent has; sides take turns, so that the machine's other
// work hits both alike.

#include "actors/supervisor/gauged_actor.hpp"
#include "messages/actors.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/scoped_actor.hpp>

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <vector>

namespace {

using namespace troupe;

constexpr uint64_t messages = 2'000'000;
constexpr int rounds = 7;

using peer_actor = caf::typed_actor<caf::reacts_to<credit>, caf::reacts_to<credit_actor>>;

struct peer_state {
  credit_actor other;
  uint64_t left = 0;
};

using plain_peer = peer_actor::stateful_pointer<peer_state>;
using gauged_peer = gauged_pointer<peer_actor, peer_state>;

/// Sends back what it gets, so many times; whoever is done first ends both.
template <class Self>
peer_actor::behavior_type peer(Self self, uint64_t turns) {
  self->state.left = turns;
  return {
      [self](const credit& x) {
        if (self->state.left-- == 0)
          return self->quit();
        self->send(self->state.other, x);
      },
      [self](const credit_actor& other) {
        self->monitor(other);
        self->state.other = other;
        self->set_down_handler([self](const caf::down_msg&) { self->quit(); });
      },
  };
}

double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

template <class Self>
double ns_per_message() {
  caf::actor_system_config config;
  config.set("scheduler.policy", caf::atom("sharing"));
  config.set("scheduler.max-threads", 2);
  config.set("scheduler.max-throughput", 64);
  caf::actor_system system{config};
  caf::scoped_actor self{system};
  auto a = system.spawn(peer<Self>, messages / 2);
  auto b = system.spawn(peer<Self>, messages / 2);
  self->send(a, credit_actor{b});
  self->send(b, credit_actor{a});
  const auto before = cpu_seconds();
  for (int i = 0; i < 64; ++i)
    self->send(a, credit{1, 1});
  self->wait_for(a, b);
  return (cpu_seconds() - before) * 1e9 / static_cast<double>(messages);
}

double median(std::vector<double> x) {
  std::sort(x.begin(), x.end());
  return x[x.size() / 2];
}

} // namespace

int main() {
  std::vector<double> plain;
  std::vector<double> gauged;
  for (int i = 0; i < rounds; ++i) {
    plain.push_back(ns_per_message<plain_peer>());
    gauged.push_back(ns_per_message<gauged_peer>());
  }
  std::printf("CPU ns a message, median of %d: %.0f without a gauge, %.0f with\n", rounds,
              median(plain), median(gauged));
}
