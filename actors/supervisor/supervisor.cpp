// SPDX-License-Identifier: Apache-2.0

#include "actors/supervisor/supervisor.hpp"

#include "actors/supervisor/actor_defaults.hpp"

#include <algorithm>
#include <utility>

namespace troupe {

namespace {

using pointer = gauged_pointer<supervisor_actor, supervisor_state>;

constexpr std::chrono::seconds status_timeout{1};

/// Errors that the next start would meet again.
bool is_final(const caf::error& reason) {
  if (!reason || reason.category() != caf::atom("troupe"))
    return false;
  const auto code = static_cast<ec>(reason.code());
  return code == ec::kernel_unsupported || code == ec::address_in_use
         || code == ec::invalid_configuration;
}

std::array<bool, role_count> available(const troupe_factories& from) {
  return {bool{from.console},          bool{from.host},
          bool{from.runtime_metadata}, bool{from.registry},
          bool{from.bpf_reader},       bool{from.gc_ticker},
          bool{from.exporter},         bool{from.kubernetes_workloads}};
}

/// Calls the child's factory and keeps its typed handle.
caf::actor make_child(pointer self, role child) {
  auto& st = self->state;
  auto& system = self->system();
  auto& known = st.directory;
  switch (child) {
    case role::console:
      return caf::actor_cast<caf::actor>(st.console = st.factories.console(system));
    case role::host:
      return caf::actor_cast<caf::actor>(known.host = st.factories.host(system));
    case role::runtime_metadata:
      known.runtime_metadata = st.factories.runtime_metadata(system);
      return caf::actor_cast<caf::actor>(known.runtime_metadata);
    case role::registry:
      known.registry =
          st.factories.registry(system, known.host, known.runtime_metadata, st.console);
      return caf::actor_cast<caf::actor>(known.registry);
    case role::bpf_reader:
      known.bpf_reader = st.factories.bpf_reader(system, known.registry);
      return caf::actor_cast<caf::actor>(known.bpf_reader);
    case role::gc_ticker: {
      std::vector<tick_target_actor> targets;
      if (known.registry)
        targets.emplace_back(known.registry);
      if (known.bpf_reader)
        targets.emplace_back(known.bpf_reader);
      return caf::actor_cast<caf::actor>(st.gc_ticker = st.factories.gc_ticker(system, targets));
    }
    case role::exporter:
      return caf::actor_cast<caf::actor>(st.exporter = st.factories.exporter(system, known));
    case role::kubernetes_workloads:
      st.kubernetes_workloads = st.factories.kubernetes_workloads(system, known.registry);
      return caf::actor_cast<caf::actor>(st.kubernetes_workloads);
  }
  return {};
}

/// Tells those that already run about a child that was started anew. Who is started later gets the
/// handle as an argument.
void introduce(pointer self, role child) {
  auto& st = self->state;
  const bool has_registry = st.children.is_running(role::registry);
  if (child == role::host && has_registry)
    self->send(st.directory.registry, st.directory.host);
  if (child == role::runtime_metadata && has_registry)
    self->send(st.directory.registry, st.directory.runtime_metadata);
  if (child == role::bpf_reader && st.children.is_running(role::gc_ticker))
    self->send(st.gc_ticker, tick_target_actor{st.directory.bpf_reader});
  if (child == role::registry && st.children.is_running(role::kubernetes_workloads))
    self->send(st.kubernetes_workloads, st.directory.registry);
  const bool in_directory = child != role::exporter && child != role::kubernetes_workloads;
  if (in_directory && st.children.is_running(role::exporter))
    self->send(st.exporter, st.directory);
}

template <class Handle>
void drop(Handle& handle) {
  handle = Handle{};
}

/// A dead child's handle would keep its memory, and a detached one's system, alive.
void forget(supervisor_state& st, role child) {
  st.factories.board->ended(to_string(child));
  drop(st.handles[index_of(child)]);
  switch (child) {
    case role::console:
      drop(st.console);
      break;
    case role::host:
      drop(st.directory.host);
      break;
    case role::runtime_metadata:
      drop(st.directory.runtime_metadata);
      break;
    case role::registry:
      drop(st.directory.registry);
      break;
    case role::bpf_reader:
      drop(st.directory.bpf_reader);
      break;
    case role::gc_ticker:
      drop(st.gc_ticker);
      break;
    case role::exporter:
      drop(st.exporter);
      break;
    case role::kubernetes_workloads:
      drop(st.kubernetes_workloads);
      break;
  }
}

void start_what_can(pointer self) {
  auto& st = self->state;
  const auto now = self->clock().now();
  while (auto child = st.children.next_to_start(now)) {
    auto& handle = st.handles[index_of(*child)] = make_child(self, *child);
    st.children.started(*child, now);
    self->monitor(handle);
    st.factories.board->started(to_string(*child), gauge_of(handle), st.children.restarts(*child));
    if (const auto restarts = st.children.restarts(*child); restarts > 0)
      spdlog::warn("supervisor actor-restarted {} was started anew, restart {}", to_string(*child),
                   restarts);
    else
      spdlog::debug("supervisor actor-started {}", to_string(*child));
    introduce(self, *child);
  }
}

/// Ends what was built on a child that is gone; its down message comes later.
void stop_what_must(pointer self) {
  auto& st = self->state;
  for (auto child : st.children.to_stop()) {
    spdlog::info("supervisor actor-stopped {} is started anew with what it is built on",
                 to_string(child));
    st.children.stopping(child, self->clock().now());
    self->send_exit(st.handles[index_of(child)], caf::exit_reason::user_shutdown);
    self->delayed_send(supervisor_actor{self}, roster::stop_timeout, tick{});
  }
}

/// Arranges for the next start; false when there will be none and the supervisor ends.
bool child_failed(pointer self, role child, const caf::error& reason) {
  auto& st = self->state;
  if (child == role::console || is_final(reason)) {
    spdlog::debug("supervisor end {} ended: {}", to_string(child), describe(reason));
    self->quit(reason);
    return false;
  }
  const auto wait = st.children.failed(child, self->clock().now());
  if (!wait) {
    auto text =
        std::string{to_string(child)} + " failed too often, the last time with " + describe(reason);
    spdlog::error("supervisor restart-limit {}", text);
    self->quit(make_error(ec::restart_limit, std::move(text)));
    return false;
  }
  spdlog::warn("supervisor actor-failed {} ended ({}), next start in {} ms", to_string(child),
               describe(reason), wait->count());
  self->delayed_send(supervisor_actor{self}, *wait, tick{});
  return true;
}

void child_down(pointer self, const caf::down_msg& down) {
  auto& st = self->state;
  const auto found = std::find_if(st.handles.begin(), st.handles.end(), [&](const caf::actor& x) {
    return x && x.address() == down.source;
  });
  if (found == st.handles.end())
    return;
  const auto child = static_cast<role>(found - st.handles.begin());
  forget(st, child);
  if (st.children.is_stopping(child))
    st.children.stopped(child);
  else if (!child_failed(self, child, down.reason))
    return;
  stop_what_must(self);
  start_what_can(self);
}

troupe_status account(const supervisor_state& st) {
  troupe_status result;
  const auto all = st.factories.board->read(0);
  for (const auto& x : all.actors)
    result.actors.push_back({x.actor, x.restarts, x.gauge.mailbox});
  result.actors.push_back({"container", st.container_restarts, all.all_containers.gauge.mailbox});
  return result;
}

/// Every actor of this run is on the board from the beginning, also before its first start.
void put_up(pointer self) {
  auto& st = self->state;
  st.factories.board->started("supervisor", self->shared_gauge(), 0);
  for (size_t i = 0; i < role_count; ++i)
    if (const auto child = static_cast<role>(i); !st.children.is_left_out(child))
      st.factories.board->ended(to_string(child));
}

caf::result<troupe_status> answer_status(pointer self) {
  auto& st = self->state;
  auto promise = self->make_response_promise<troupe_status>();
  auto status = account(st);
  if (!st.children.complete() || !st.directory.registry) {
    promise.deliver(std::move(status));
    return promise;
  }
  // Only the registry knows whether the first walk was handled.
  self->request(st.directory.registry, status_timeout, get_status{})
      .then(
          [self, promise](const registry_status& registry) mutable {
            self->state.container_restarts = registry.restarts_of_containers;
            auto ready = account(self->state);
            ready.ready = registry.walked;
            promise.deliver(std::move(ready));
          },
          [promise, status](const caf::error&) mutable { promise.deliver(std::move(status)); });
  return promise;
}

} // namespace

supervisor_state::~supervisor_state() {
  // The last started is the first told, so that nobody asks somebody who is gone.
  for (auto i = handles.rbegin(); i != handles.rend(); ++i)
    if (*i)
      caf::anon_send_exit(*i, caf::exit_reason::user_shutdown);
}

supervisor_actor::behavior_type supervisor(pointer self, troupe_factories factories) {
  install_defaults(self, "supervisor");
  auto& st = self->state;
  st.directory.supervisor = self;
  const auto there = available(factories);
  for (size_t i = 0; i < role_count; ++i)
    if (!there[i])
      st.children.leave_out(static_cast<role>(i));
  st.factories = std::move(factories);
  put_up(self);
  self->set_down_handler([self](const caf::down_msg& down) { child_down(self, down); });
  start_what_can(self);
  return {
      [self](const tick&) {
        if (auto child = self->state.children.overdue(self->clock().now())) {
          auto text = std::string{to_string(*child)} + " does not end";
          spdlog::error("supervisor stuck {}", text);
          return self->quit(make_error(ec::restart_limit, std::move(text)));
        }
        start_what_can(self);
      },
      [self](const get_status&) { return answer_status(self); },
  };
}

} // namespace troupe
