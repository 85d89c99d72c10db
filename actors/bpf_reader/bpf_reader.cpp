// SPDX-License-Identifier: Apache-2.0
#include "actors/bpf_reader/bpf_reader.hpp"

#include "actors/bpf_reader/kernel_source.hpp"
#include "actors/host/boot_clock.hpp"
#include "actors/supervisor/actor_defaults.hpp"

#include <algorithm>
#include <utility>

namespace troupe {

bpf_reader_state::bpf_reader_state(gauged_actor<capturing_reader_actor>* self) : self_{self} {}

void bpf_reader_state::start(const settings& options, std::unique_ptr<event_source> source,
                             const registry_actor& registry) {
  registry_ = registry;
  source_ = std::move(source);
  interval_ = options.drain_interval;
  // One now, and one at the first tick at which nobody is too young for it any more.
  const std::chrono::nanoseconds tick_interval{std::max(options.tick_interval, interval_)};
  walks_after_a_loss_ = 2 + static_cast<int64_t>(fork_margin_ns - 1) / tick_interval.count();
  router_limits limits;
  limits.credit_batches = credit_batches_ = options.credit_batches;
  limits.pending_bytes_max = options.pending_bytes_max;
  live_ = source_->live();
  if (!live_) // One poll may all be for one container that has no credit.
    limits.pending_bytes_max = std::max(limits.pending_bytes_max, 2 * replayed_bytes_a_poll);
  backlog_max_ = limits.pending_bytes_max - replayed_bytes_a_poll;
  router_ = std::make_unique<router>(limits, *this);
  if (options.standalone) // No reader that is started later has the same ids.
    standalone_ = std::make_unique<standalone_processes>(*router_, boot_time_now_ns());
  started_ = std::chrono::steady_clock::now();
  // The registry has the cgroups walked when it gets our handle. What the walks below find is
  // pending until its routes come.
  self_->send(registry_, bpf_reader_actor{capturing_reader_actor{self_}});
  walk_processes();
  source_->scan_sockets(sink());
  self_->send(capturing_reader_actor{self_}, drain{});
}

void bpf_reader_state::drain_once() {
  // CAF hands an actor six urgent messages, then up to three others, this one among them. With a
  // poll of 20 ms in each such round the credit of a few hundred batches a second would come back,
  // whatever the containers do: so first all messages that are there, within a bound.
  if (!self_->mailbox().empty() && ++rounds_without_poll_ < rounds_without_poll_max)
    return self_->send(capturing_reader_actor{self_}, drain{});
  rounds_without_poll_ = 0;
  source_->poll(interval_, sink());
  router_->flush();
  // In the beginning most cgroups are unknown, and the registry's own walk tells of them all. A
  // recording tells of them before their first event.
  if (!live_ || std::chrono::steady_clock::now() - started_ > first_walk)
    router_->ask_for_paths();
  waiting_ = is_full();
  if (!waiting_)
    drain_again();
}

void bpf_reader_state::drain_again() {
  if (!source_->ended())
    self_->send(capturing_reader_actor{self_}, drain{});
}

/// What the kernel has must be taken, and lost here if need be; a recording can wait.
bool bpf_reader_state::is_full() const {
  return !live_ && router_->arrears_bytes() > backlog_max_;
}

/// After whatever may have made room.
void bpf_reader_state::go_on() {
  if (!waiting_ || is_full())
    return;
  waiting_ = false;
  drain_again();
}

/// For those who look at the container: how much of its credit is used. A batch that went without
/// credit makes it more than there is.
void bpf_reader_state::show_credit(const receiver& to, uint64_t used) const {
  if (to.gauge)
    to.gauge->set_credit(used, credit_batches_);
}

void bpf_reader_state::take_credit(const credit& x) {
  router_->grant(x.container, x.batches);
  if (const auto i = containers_.find(x.container); i != containers_.end() && i->second.gauge) {
    const auto used = i->second.gauge->credit_used();
    show_credit(i->second, used - std::min<uint64_t>(used, x.batches));
  }
  go_on();
}

void bpf_reader_state::walk_processes() {
  const auto begun_ns = boot_time_now_ns();
  router_->begin_walk();
  if (standalone_)
    standalone_->begin_walk();
  if (source_->walk_processes(sink()))
    // A fork takes its start time before the walk can see it: leave the youngest alone.
    end_walk(begun_ns - std::min(begun_ns, fork_margin_ns));
}

void bpf_reader_state::end_walk(uint64_t begun_before_ns) {
  if (standalone_)
    standalone_->end_walk(begun_before_ns);
  router_->end_walk(begun_before_ns, boot_time_now_ns());
}

record_sink& bpf_reader_state::sink() {
  if (standalone_)
    return *standalone_;
  return *router_;
}

void bpf_reader_state::take_tick() {
  source_->walk_sockets(sink());
  if (source_->lost_lifecycle()) {
    spdlog::warn("bpf_reader lifecycle-lost comparing with the kernel's list of processes");
    repairs_ = walks_after_a_loss_;
    self_->send(registry_,
                bpf_reader_actor{capturing_reader_actor{self_}}); // It has the cgroups walked, too.
  }
  if (repairs_ > 0) {
    --repairs_;
    walk_processes();
  }
  if (standalone_)
    standalone_->tidy();
  router_->flush();
  go_on();
}

void bpf_reader_state::take_route(const route_cgroup& x, const container_actor& container) {
  auto& known = containers_[x.container];
  const auto anew = known.handle && known.handle != container;
  if (known.handle != container) {
    known = {container, gauge_of(container)};
    show_credit(known, 0);
  }
  router_->route(x.cgroup, x.container);
  if (anew)
    router_->renew_credit(x.container);
  source_->set_ignored(x.cgroup, false);
  self_->send(registry_, route_changed{x.cgroup, x.container});
  router_->flush();
  go_on();
}

void bpf_reader_state::take_ignore(const ignore_cgroup& x) {
  if (standalone_) {
    if (x.standalone) {
      source_->set_ignored(x.cgroup, false);
      standalone_->adopt(x.cgroup);
      router_->flush();
      return go_on();
    }
    standalone_->forget(x.cgroup);
  }
  source_->set_ignored(x.cgroup, true);
  router_->ignore(x.cgroup);
  go_on();
}

void bpf_reader_state::take_unroute(const unroute_cgroup& x) {
  if (standalone_)
    standalone_->forget(x.cgroup);
  source_->set_ignored(x.cgroup, false);
  router_->unroute(x.cgroup);
  go_on();
}

void bpf_reader_state::take_orders(const capture_orders& x) {
  for (const auto& order : x.orders)
    if (order.cgroup != 0)
      source_->set_uncaptured(order.cgroup);
    else if (order.over)
      source_->forget_verdict(order.socket_cookie);
    else
      source_->set_verdict(order.socket_cookie, {{order.sent_bytes, order.received_bytes},
                                                 order.opaque,
                                                 order.turns,
                                                 order.tails,
                                                 order.frames,
                                                 {order.sent_at_rest, order.received_at_rest}});
}

reader_status bpf_reader_state::status() {
  reader_status result;
  result.features = source_->features();
  result.events = router_->events();
  result.losses = source_->losses();
  for (auto& loss : router_->losses())
    result.losses.push_back(std::move(loss));
  result.maps = source_->map_usages();
  result.routes = router_->routes();
  result.ignored = router_->ignored();
  result.pending_bytes = router_->pending_bytes();
  return result;
}

void bpf_reader_state::send_batch(container_key container, event_batch batch) {
  if (!live_)
    batch.first_time_ns = 0; // Of another boot: there is no latency to measure.
  const auto i = containers_.find(container);
  if (i == containers_.end())
    return;
  self_->gauge().counted_batch();
  if (i->second.gauge)
    show_credit(i->second, i->second.gauge->credit_used() + 1);
  self_->send(i->second.handle, std::move(batch), credit_actor{capturing_reader_actor{self_}});
}

void bpf_reader_state::cgroup_created(cgroup_found cgroup) {
  self_->send(registry_, std::move(cgroup));
}

void bpf_reader_state::cgroup_without_path(cgroup_id cgroup) {
  self_->send(registry_, cgroup_unknown{cgroup});
}

void bpf_reader_state::cgroup_gone(cgroup_id cgroup, uint64_t time_ns) {
  self_->send(registry_, cgroup_removed{cgroup, time_ns});
}

void bpf_reader_state::container_released(container_key container) {
  containers_.erase(container);
}

capturing_reader_actor::behavior_type
bpf_reader_of(gauged_pointer<capturing_reader_actor, bpf_reader_state> self,
              const settings& options, const event_source_factory& make_source,
              const registry_actor& registry) {
  install_defaults(self, "bpf_reader");
  auto source = make_source();
  if (source == nullptr)
    self->quit(make_error(ec::kernel_unsupported, "no BPF program can be loaded"));
  else
    self->state.start(options, std::move(source), registry);
  return {
      [self](const drain&) { self->state.drain_once(); },
      [self](const tick&) { self->state.take_tick(); },
      [self](const credit& x) { self->state.take_credit(x); },
      [self](const route_cgroup& x, const container_actor& container) {
        self->state.take_route(x, container);
      },
      [self](const ignore_cgroup& x) { self->state.take_ignore(x); },
      [self](const unroute_cgroup& x) { self->state.take_unroute(x); },
      [self](const capture_orders& x) { self->state.take_orders(x); },
      [self](const get_status&) { return self->state.status(); },
  };
}

event_source_factory kernel_events(const settings& options, const cgroup_hierarchy& hierarchy) {
  kernel_options kernel;
  kernel.ring_bytes = options.ring_bytes;
  kernel.wakeup_bytes = options.wakeup_bytes;
  kernel.cgroup_controller = hierarchy.controller;
  kernel.l7 = options.l7;
  const auto& spoken = options.l7_protocols;
  kernel.l7_turns =
      options.l7_turns
      && (spoken.empty()
          || std::find(spoken.begin(), spoken.end(), to_string(l7_protocol::http)) != spoken.end());
  return [kernel] {
    return open_kernel(kernel);
  };
}

capturing_reader_actor::behavior_type
bpf_reader(gauged_pointer<capturing_reader_actor, bpf_reader_state> self, const settings& options,
           const cgroup_hierarchy& hierarchy, const registry_actor& registry) {
  return bpf_reader_of(self, options, kernel_events(options, hierarchy), registry);
}

} // namespace troupe
