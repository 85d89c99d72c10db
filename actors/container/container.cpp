// SPDX-License-Identifier: Apache-2.0
#include "actors/container/container.hpp"

#include "actors/host/boot_clock.hpp"
#include "actors/supervisor/actor_defaults.hpp"

#include <algorithm>
#include <chrono>
#include <memory>
#include <utility>

namespace troupe {

namespace {

using pointer = gauged_pointer<container_actor, container_actor_state>;
using heir_actor = caf::typed_actor<caf::reacts_to<container_inheritance>>;

/// Batches in flight to the console.
constexpr uint32_t trace_batches_max = 8;

/// The host reads what may block, on a machine that may be busy; meanwhile connections wait to be
/// counted.
constexpr std::chrono::seconds answer_timeout{5};

void send_traces(pointer self) {
  auto& st = self->state;
  while (st.trace_credit > 0) {
    auto batch = st.account.trace().next_batch();
    if (!batch)
      return;
    --st.trace_credit;
    self->send(st.console, std::move(*batch), credit_actor{self});
  }
}

void consume(pointer self, const event_batch& batch) {
  auto& st = self->state;
  const bool clean = st.account.events_invalid() == 0;
  st.account.consume(batch, boot_time_now_ns());
  if (clean && st.account.events_invalid() > 0)
    spdlog::warn("container invalid-record container {} got records that cannot be decoded; they "
                 "are counted as lost",
                 st.key);
  send_traces(self);
}

/// Who sends batches of what was captured also takes orders of what to capture: bpf_reader. It is
/// known here by another part of its interface.
void send_orders(pointer self, const credit_actor& producer) {
  auto orders = self->state.account.take_orders();
  if (!orders.empty())
    self->send<caf::message_priority::high>(caf::actor_cast<capturer_actor>(producer),
                                            capture_orders{std::move(orders)});
}

void ask(pointer self);

void after_answer(pointer self) {
  auto& st = self->state;
  st.asking = false;
  send_traces(self);
  if (st.producer)
    send_orders(self, st.producer);
  ask(self);
}

/// Whoever does not answer once is not asked again before the next tick: his silence would keep
/// every connection waiting for as long.
void give_up_asking(pointer self, const caf::error& error) {
  auto& st = self->state;
  if (!st.silence_told)
    spdlog::warn("container translations-unanswered container {}: {}; its connections count as "
                 "going where they say",
                 st.key, describe(error));
  st.silence_told = true;
  st.account.unanswered();
  st.account.open_questions(false);
  after_answer(self);
}

void ask(pointer self) {
  auto& st = self->state;
  if (st.asking || !st.translator)
    return;
  auto questions = st.account.next_questions();
  if (!questions)
    return;
  st.asking = true;
  self->request(st.translator, answer_timeout, std::move(*questions))
      .then(
          [self](const nat_answers& answers) {
            self->state.account.answered(answers);
            after_answer(self);
          },
          [self](const caf::error& error) { give_up_asking(self, error); });
}

void know_translator(pointer self, const translator_actor& translator) {
  auto& st = self->state;
  st.translator = translator;
  st.account.open_questions(true);
  ask(self);
}

void tick_all(pointer self) {
  auto& st = self->state;
  st.account.tick(boot_time_now_ns());
  send_traces(self); // Of what nobody answered.
  if (st.producer)
    send_orders(self, st.producer);
  if (st.translator)
    st.account.open_questions(true);
}

void take_in(pointer self, const event_batch& batch, const credit_actor& producer) {
  auto& st = self->state;
  st.producer = producer;
  consume(self, batch);
  send_orders(self, producer);
  ask(self);
  self->gauge().counted_batch();
  self->send<caf::message_priority::high>(producer, credit{st.key, 1});
}

/// What is held back is bounded by the reader's credit.
void take(pointer self, event_batch& batch, const credit_actor& producer) {
  auto& st = self->state;
  if (st.awaited.empty())
    take_in(self, batch, producer);
  else
    st.held.emplace_back(container_actor_state::held_batch{std::move(batch), producer});
}

void take_now(pointer self, const container_actor_state::held_batch& x) {
  take_in(self, x.batch, x.producer);
}
void take_now(pointer self, const cgroup_joined& joined) {
  self->state.account.join(joined);
  send_traces(self);
}
void take_now(pointer self, const cgroup_left& left) {
  self->state.account.leave(left);
  send_traces(self);
}

template <class News>
void take_news(pointer self, const News& news) {
  if (self->state.awaited.empty())
    take_now(self, news);
  else
    self->state.held.emplace_back(news);
}

void credited(pointer self, const credit& granted) {
  auto& st = self->state;
  st.trace_credit = std::min(st.trace_credit + granted.batches, trace_batches_max);
  send_traces(self);
}

/// All batches that were for us are in, and all that we inherit: there are no more.
void hand_over(pointer self) {
  auto& st = self->state;
  auto counters = std::make_shared<container_counters>(st.account.hand_over());
  self->send(st.heir, container_inheritance{st.key, std::move(counters)});
  self->quit();
}

void hand_over_to(pointer self, const heir_actor& target) {
  // The interface can name the heir only by this part of itself: a type cannot contain its own
  // name. The registry passes a container.
  const auto heir = caf::actor_cast<container_actor>(target);
  if (!heir || heir == self)
    return;
  self->state.heir = heir;
  if (self->state.awaited.empty())
    hand_over(self);
}

void inherit(pointer self, const container_inheritance& inherited) {
  auto& st = self->state;
  if (inherited.counters) {
    st.account.merge(std::move(*inherited.counters));
    ask(self);
  }
  const auto known = std::find(st.awaited.begin(), st.awaited.end(), inherited.from);
  if (known != st.awaited.end())
    st.awaited.erase(known);
  if (st.awaited.empty()) {
    for (const auto& x : std::exchange(st.held, {}))
      std::visit([self](const auto& news) { take_now(self, news); }, x);
    if (st.heir)
      return hand_over(self);
  }
  send_traces(self);
}

/// A bit for each protocol that is not among those that are wanted. gRPC is HTTP/2 until one looks
/// at a request, so that either wants both.
uint32_t protocols_off(const std::vector<std::string>& wanted) {
  if (wanted.empty())
    return 0;
  const auto bit = [](l7_protocol x) {
    return 1U << static_cast<unsigned>(x);
  };
  const auto http2 = bit(l7_protocol::http2) | bit(l7_protocol::grpc);
  uint32_t on = 0;
  for (auto i = 0U; i <= static_cast<unsigned>(last_l7_protocol); ++i)
    if (std::find(wanted.begin(), wanted.end(), to_string(static_cast<l7_protocol>(i)))
        != wanted.end())
      on |= 1U << i;
  return ~(on | ((on & http2) != 0 ? http2 : 0U));
}

} // namespace

container_actor::behavior_type container(pointer self, container_key key, const settings& config,
                                         const console_actor& console) {
  install_defaults(self, "container");
  container_options options;
  options.destinations_max = config.destinations_max;
  options.domains_max = config.domains_max;
  options.l7_off = protocols_off(config.l7_protocols);
  if (!config.l7_off_containers.empty())
    options.l7_off_containers =
        std::make_shared<const std::vector<std::string>>(config.l7_off_containers);
  // Without a console there is nobody to send events to.
  options.trace = console ? config.trace : static_cast<uint8_t>(config.trace & trace_flows);
  self->state.key = key;
  self->state.account = container_account{key, options};
  self->state.console = console;
  self->state.trace_credit = console ? trace_batches_max : 0;
  return {
      [self](event_batch& batch, const credit_actor& producer) { take(self, batch, producer); },
      [self](const container_named& named) {
        self->gauge().label(named.identity.container_id);
        self->state.account.name(named);
        send_traces(self);
      },
      [self](const cgroup_joined& joined) { take_news(self, joined); },
      [self](const cgroup_left& left) { take_news(self, left); },
      [self](const collect& asked, const snapshot_sink_actor& sink) {
        auto snapshot = std::make_shared<const container_snapshot>(self->state.account.snapshot());
        self->send(sink, collected{asked.scrape_id, std::move(snapshot)});
      },
      [self](const tick&) { tick_all(self); },
      [self](const route_changed&, const heir_actor& target) { hand_over_to(self, target); },
      [self](const inheritance_announced& x) { self->state.awaited.push_back(x.from); },
      [self](const container_inheritance& inherited) { inherit(self, inherited); },
      [self](const credit& granted) { credited(self, granted); },
      [self](const translator_actor& x) { know_translator(self, x); },
  };
}

} // namespace troupe
