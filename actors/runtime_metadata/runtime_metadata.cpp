// SPDX-License-Identifier: Apache-2.0
#include "actors/runtime_metadata/runtime_metadata.hpp"

#include "actors/runtime_metadata/runtime_worker.hpp"
#include "actors/supervisor/actor_defaults.hpp"

#include <algorithm>

namespace troupe {
namespace {

using self_pointer = gauged_pointer<runtime_metadata_core, runtime_metadata_state>;

// A list that comes at the very end of its time is still waited for.
constexpr auto listing_patience = listing_timeout + std::chrono::milliseconds{200};

void send_updates(self_pointer self) {
  auto& st = self->state;
  for (auto& [key, metadata, removed] : st.book->take_updates())
    if (auto sink = st.sinks.find(key); sink != st.sinks.end())
      self->send(sink->second, container_resolved{key, std::move(metadata), removed});
}

void send_changes(self_pointer self) {
  auto& st = self->state;
  for (const auto& change : st.book->take_changes())
    for (const auto& observer : st.observers)
      self->send(observer, change);
}

void send_statuses(self_pointer self) {
  auto& st = self->state;
  for (const auto& observer : st.observers)
    self->send(observer, st.book->runtime_statuses());
}

void add_observer(self_pointer self, const container_observer_actor& observer) {
  auto& st = self->state;
  self->monitor(observer);
  st.observers.push_back(observer);
  self->send(observer, st.book->runtime_statuses());
  for (auto& change : st.book->observe(self->clock().now()))
    self->send(observer, std::move(change));
}

void forget_observer(self_pointer self, const caf::actor_addr& gone) {
  auto& st = self->state;
  if (std::erase_if(st.observers, [&](const auto& x) { return x == gone; }) > 0
      && st.observers.empty())
    st.book->unobserve();
}

void start_lookups(self_pointer self) {
  auto& st = self->state;
  const auto now = self->clock().now();
  for (size_t i = 0; i < st.busy.size(); ++i)
    for (auto& query : st.book->take_lookups(i, st.busy_max - st.busy[i], now)) {
      ++st.busy[i];
      self->send(st.crew->start_worker(i, self), lookup_order{std::move(query)});
    }
}

// A tick for when the next lookup is due. A later tick that was armed before comes too and finds
// nothing to do: delayed_send cannot be taken back.
void arm(self_pointer self) {
  auto& st = self->state;
  const auto due = st.book->next_due();
  const auto now = self->clock().now();
  if (!due || (st.armed && *st.armed <= *due && *st.armed > now))
    return;
  // Due now but not taken: all workers are busy, and the first that ends goes on.
  if (*due <= now)
    return;
  st.armed = *due;
  self->delayed_send(runtime_metadata_core{self}, *due - now, tick{});
}

// After whatever news: what follows from them.
void go_on(self_pointer self) {
  send_updates(self);
  send_changes(self);
  start_lookups(self);
  arm(self);
}

// The worker that is free now takes the next question at once, or ends.
void next_order(self_pointer self, size_t endpoint) {
  auto& st = self->state;
  const auto worker = caf::actor_cast<runtime_worker_actor>(self->current_sender());
  auto next = st.book->take_lookups(endpoint, 1, self->clock().now());
  if (!next.empty())
    return self->send(worker, lookup_order{std::move(next.front())});
  --st.busy[endpoint];
  self->send(worker, dismiss_worker{});
}

void finish_round(self_pointer self) {
  auto& st = self->state;
  if (!st.round)
    return;
  const auto listing = st.round->take();
  st.round.reset();
  for (auto& asker : std::exchange(st.askers, {}))
    asker.deliver(listing);
}

// One round at a time: who asks meanwhile gets its answer too, and no caller can pile up workers.
caf::typed_response_promise<runtime_listing> start_round(self_pointer self) {
  auto& st = self->state;
  auto promise = self->make_response_promise<runtime_listing>();
  st.askers.push_back(promise);
  if (st.round)
    return promise;
  st.round.emplace(st.book->statuses());
  ++st.rounds;
  for (size_t i = 0; i < st.busy.size(); ++i) {
    const auto worker = st.crew->start_worker(i, self);
    self->send(worker, listing_order{});
    self->send(worker, dismiss_worker{});
  }
  if (st.round->complete())
    finish_round(self);
  else
    self->delayed_send(runtime_metadata_core{self}, listing_patience, listing_due{st.rounds});
  return promise;
}

void log_opened(const runtime_status& before, const std::string& version) {
  if (!before.answering && before.endpoint.kind != runtime_kind::unknown)
    spdlog::info("runtime_metadata connected {} {} at {}", to_string(before.endpoint.kind), version,
                 before.endpoint.socket);
}

// A runtime that is not there is the usual case, and one that stays away is not news.
void log_lost(const runtime_status& before, const call_error& error) {
  if (before.error == error.code && !before.answering)
    return;
  if (error.code == ec::runtime_absent && !before.answering)
    spdlog::debug("runtime_metadata absent {}", error.message);
  else
    spdlog::warn("runtime_metadata disconnected {}", error.message);
}

// A sink that ended (the registry is started anew) asks again under other keys.
void forget_sink(self_pointer self, const caf::actor_addr& gone) {
  auto& st = self->state;
  std::erase_if(st.sinks, [&](const auto& entry) {
    if (entry.second != gone)
      return false;
    st.book->forget(entry.first);
    return true;
  });
}

void watch_sink(self_pointer self, const metadata_sink_actor& sink) {
  const auto& sinks = self->state.sinks;
  if (std::none_of(sinks.begin(), sinks.end(), [&](const auto& x) { return x.second == sink; }))
    self->monitor(sink);
}

void set_up(self_pointer self, const settings& config, std::shared_ptr<runtime_crew> crew) {
  install_defaults(self, "runtime_metadata");
  self->set_down_handler([self](const caf::down_msg& down) {
    forget_sink(self, down.source);
    forget_observer(self, down.source);
  });
  auto& st = self->state;
  st.crew = std::move(crew);
  const auto endpoints = st.crew->endpoints();
  st.book.emplace(endpoints, config.details);
  st.busy.assign(endpoints.size(), 0);
  st.busy_max = std::max(config.runtime_calls_max, 1U);
  for (size_t i = 0; i < endpoints.size(); ++i)
    st.crew->start_watcher(i, self);
  st.crew->start_scout(self);
}

void add_endpoint(self_pointer self, const runtime_endpoint& endpoint) {
  auto& st = self->state;
  st.crew->add_endpoint(endpoint);
  st.book->add_endpoint(endpoint, self->clock().now());
  st.crew->start_watcher(st.busy.size(), self);
  st.busy.push_back(0);
}

} // namespace

runtime_metadata_core::behavior_type
runtime_metadata_with_crew(self_pointer self, const settings& config,
                           std::shared_ptr<runtime_crew> crew) {
  set_up(self, config, std::move(crew));
  return {
      [self](const resolve_container& question, const metadata_sink_actor& sink) {
        watch_sink(self, sink);
        self->state.sinks.insert_or_assign(question.key, sink);
        self->state.book->want(question.key, question.identity, self->clock().now());
        go_on(self);
      },
      [self](const abandon_container& x) {
        self->state.book->forget(x.key);
        self->state.sinks.erase(x.key);
      },
      [self](const observe_containers&, const container_observer_actor& observer) {
        add_observer(self, observer);
        go_on(self);
      },
      [self](const list_all&) { return start_round(self); },
      [self](const get_status&) { return self->state.book->runtime_statuses(); },
      [self](lookup_done& done) {
        self->state.book->looked_up(done.endpoint, done.query, std::move(done.result), done.took,
                                    self->clock().now());
        next_order(self, done.endpoint);
        go_on(self);
      },
      [self](listing_done& done) {
        auto& round = self->state.round;
        if (!round)
          return;
        round->add(done.endpoint, std::move(done.result));
        if (round->complete())
          finish_round(self);
      },
      [self](stream_opened& x) {
        auto& book = *self->state.book;
        log_opened(book.status(x.endpoint), x.version);
        book.opened(x.endpoint, std::move(x.version), self->clock().now());
        send_statuses(self);
        go_on(self);
      },
      [self](const stream_listed& x) {
        self->state.book->listed(x.endpoint, x.answers, x.begun, self->clock().now());
        go_on(self);
      },
      [self](const stream_event& x) {
        self->state.crew->event_taken(x.endpoint);
        self->state.book->happened(x.endpoint, x.event, self->clock().now());
        go_on(self);
      },
      [self](const stream_lost& x) {
        auto& book = *self->state.book;
        log_lost(book.status(x.endpoint), x.error);
        const auto before = book.status(x.endpoint);
        book.lost(x.endpoint, x.error, self->clock().now());
        if (before.answering || before.error != x.error.code)
          send_statuses(self);
        go_on(self);
      },
      [self](const endpoint_appeared& x) { add_endpoint(self, x.endpoint); },
      [self](const tick&) { go_on(self); },
      [self](const listing_due& due) {
        if (due.round == self->state.rounds)
          finish_round(self);
      },
  };
}

runtime_metadata_core::behavior_type runtime_metadata(self_pointer self, const settings& config,
                                                      const std::shared_ptr<actor_board>& board) {
  return runtime_metadata_with_crew(
      self, config, make_runtime_crew(self->system(), config, make_runtime_client, board));
}

} // namespace troupe
