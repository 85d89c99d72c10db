// SPDX-License-Identifier: Apache-2.0
#include "actors/kubernetes_workloads/kubernetes_workloads.hpp"

#include "actors/kubernetes_workloads/pod_list.hpp"
#include "actors/supervisor/actor_defaults.hpp"

#include <algorithm>
#include <utility>

namespace troupe {

namespace {

using std::chrono::milliseconds;
using self_pointer = gauged_pointer<kubernetes_workloads_actor, kubernetes_workloads_state>;

/// So often an exit message is looked for while a call is under way.
constexpr milliseconds step_time{100};
constexpr milliseconds longest_call{10'000};

void tell(self_pointer self) {
  auto& st = self->state;
  if (st.known && st.registry)
    self->send(st.registry, *st.known);
}

void arm(self_pointer self, milliseconds wait) {
  self->delayed_send(kubernetes_workloads_actor{self}, wait, tick{});
}

void failed(self_pointer self, const std::string& message) {
  auto& st = self->state;
  if (message != st.last_failure)
    spdlog::warn("kubernetes_workloads failed {}; workloads are judged by the names of pods",
                 message);
  st.last_failure = message;
  arm(self, pause_after(++st.failures, st.interval));
}

void succeeded(self_pointer self, pod_workloads&& workloads) {
  auto& st = self->state;
  if (!st.known || st.failures > 0)
    spdlog::info("kubernetes_workloads listed {} pods at {}", workloads.pods.size(), st.source.url);
  st.failures = 0;
  st.last_failure.clear();
  if (!st.known || st.known->pods != workloads.pods) {
    st.known = std::move(workloads);
    tell(self);
  }
  arm(self, st.interval);
}

void finish(self_pointer self) {
  auto& st = self->state;
  auto answer = std::exchange(st.fetch, nullptr)->take();
  if (const auto* failure = std::get_if<fetch_failure>(&answer))
    return failed(self, failure->message);
  auto workloads = parse_pod_list(std::move(std::get<std::string>(answer)));
  if (!workloads)
    return failed(self, st.source.url + " answers no pod list");
  succeeded(self, std::move(*workloads));
}

void go_on(self_pointer self) {
  auto& st = self->state;
  if (!st.fetch)
    st.fetch = std::make_unique<pod_fetch>(st.source);
  if (st.fetch->step(step_time))
    self->send(kubernetes_workloads_actor{self}, tick{}); // Other messages get their turn.
  else
    finish(self);
}

} // namespace

milliseconds pause_after(uint32_t failures, milliseconds interval) {
  constexpr milliseconds first{1'000};
  constexpr milliseconds longest{300'000};
  const auto doubled = first * (1U << std::min(failures == 0 ? 0 : failures - 1, 16U));
  return std::min<milliseconds>(doubled, std::max(interval, longest));
}

kubernetes_workloads_actor::behavior_type
kubernetes_workloads(self_pointer self, const settings& options, registry_actor to) {
  install_defaults(self, "kubernetes_workloads");
  auto& st = self->state;
  st.source = {options.workloads_url, options.workloads_token_file, options.workloads_ca_file,
               longest_call};
  st.interval = options.workloads_interval;
  st.registry = std::move(to);
  self->send(kubernetes_workloads_actor{self}, tick{});
  return {
      [self](const tick&) { go_on(self); },
      [self](const registry_actor& registry) {
        self->state.registry = registry;
        tell(self);
      },
  };
}

} // namespace troupe
