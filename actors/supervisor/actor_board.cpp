// SPDX-License-Identifier: Apache-2.0

#include "actors/supervisor/actor_board.hpp"

#include <algorithm>
#include <array>
#include <tuple>
#include <utility>

namespace troupe {

namespace {

actor_state state_of(const gauge_reading& gauge, waits how) {
  constexpr uint64_t deadline_ns = std::chrono::nanoseconds{answer_deadline}.count();
  if (gauge.waiting_ns > deadline_ns)
    return how == waits::by_design && gauge.running ? actor_state::blocked : actor_state::no_answer;
  if (gauge.running && gauge.messages == 0)
    return actor_state::starting;
  return gauge.running || gauge.mailbox > 0 ? actor_state::busy : actor_state::idle;
}

void add(actor_row& sum, const actor_row& x) {
  auto& into = sum.gauge;
  into.messages += x.gauge.messages;
  into.mailbox += x.gauge.mailbox;
  into.batches += x.gauge.batches;
  into.credit_used += x.gauge.credit_used;
  into.credit_granted += x.gauge.credit_granted;
  sum.restarts += x.restarts;
  // The line says of the sum what is to be said of the one that is worst off, else of the latest.
  const auto worse =
      std::tuple{x.state, x.gauge.waiting_ns} > std::tuple{sum.state, into.waiting_ns};
  const auto same_and_later =
      x.state == sum.state && x.gauge.messages > 0
      && (into.last_message.empty() || x.gauge.last_message_age_ns < into.last_message_age_ns);
  if (!worse && !same_and_later)
    return;
  sum.state = x.state;
  into.waiting_ns = x.gauge.waiting_ns;
  into.last_message = x.gauge.last_message;
  into.last_message_age_ns = x.gauge.last_message_age_ns;
}

/// Who wants to be looked at comes first.
bool is_busier(const actor_row& a, const actor_row& b) {
  const auto rank = [](const actor_row& x) {
    return std::tuple{x.state == actor_state::no_answer, x.gauge.credit_used, x.gauge.mailbox,
                      x.gauge.batches};
  };
  return rank(a) != rank(b) ? rank(a) > rank(b) : a.container < b.container;
}

} // namespace

const char* to_string(actor_state state) {
  constexpr std::array<const char*, 6> names{"idle",    "starting",  "busy",
                                             "blocked", "no_answer", "down"};
  return names[static_cast<size_t>(state)];
}

actor_board::lasting& actor_board::at(std::string_view actor) {
  const auto found = std::find_if(actors_.begin(), actors_.end(),
                                  [&](const lasting& x) { return x.actor == actor; });
  return found != actors_.end() ? *found : actors_.emplace_back(lasting{std::string{actor}, {}});
}

void actor_board::started(std::string_view actor, std::shared_ptr<const actor_gauge> gauge,
                          uint64_t restarts) {
  const std::lock_guard lock{mutex_};
  auto& x = at(actor);
  x.gauge = std::move(gauge);
  x.restarts = restarts;
  x.up = true;
}

void actor_board::ended(std::string_view actor) {
  const std::lock_guard lock{mutex_};
  at(actor).up = false;
}

void actor_board::add_container(container_key key,
                                const std::shared_ptr<const actor_gauge>& gauge) {
  const std::lock_guard lock{mutex_};
  if (containers_.size() >= sweep_at_) {
    std::erase_if(containers_, [](const auto& x) { return x.second.gauge.expired(); });
    sweep_at_ = std::max<size_t>(64, containers_.size() * 2);
  }
  const auto [entry, fresh] = containers_.try_emplace(key);
  entry->second.gauge = gauge;
  entry->second.restarts += fresh ? 0 : 1;
}

void actor_board::add_helper(std::string_view actor, waits how,
                             const std::shared_ptr<const actor_gauge>& gauge) {
  const std::lock_guard lock{mutex_};
  std::erase_if(helpers_, [](const helper& x) { return x.gauge.expired(); });
  helpers_.push_back({std::string{actor}, how, gauge});
}

std::vector<actor_row> actor_board::read_actors(uint64_t now_ns) const {
  std::vector<actor_row> rows;
  for (const auto& x : actors_) {
    actor_row row{x.actor, 0, x.restarts, actor_state::down, {}};
    if (x.gauge)
      row.gauge = x.gauge->read(now_ns, name_of_type_);
    if (x.up)
      row.state = state_of(row.gauge, waits::never);
    rows.push_back(std::move(row));
  }
  for (const auto& x : helpers_)
    if (const auto gauge = x.gauge.lock()) {
      actor_row row{x.actor, 0, 0, actor_state::idle, gauge->read(now_ns, name_of_type_)};
      row.state = state_of(row.gauge, x.how);
      rows.push_back(std::move(row));
    }
  return rows;
}

std::vector<actor_row> actor_board::read_containers(uint64_t now_ns) const {
  std::vector<actor_row> rows;
  for (const auto& [key, x] : containers_)
    if (const auto gauge = x.gauge.lock()) {
      actor_row row{"container", key, x.restarts, actor_state::idle,
                    gauge->read(now_ns, name_of_type_)};
      row.state = state_of(row.gauge, waits::never);
      rows.push_back(std::move(row));
    }
  return rows;
}

board_reading actor_board::read(size_t containers_max, uint64_t now_ns) const {
  board_reading result;
  {
    const std::lock_guard lock{mutex_};
    result.read_at_ns =
        static_cast<uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
    result.actors = read_actors(now_ns);
    result.busiest = read_containers(now_ns);
  }
  auto& rows = result.busiest;
  result.containers = rows.size();
  result.all_containers.actor = "containers";
  for (const auto& x : rows)
    add(result.all_containers, x);
  const auto shown = std::min(containers_max, rows.size());
  std::partial_sort(rows.begin(), rows.begin() + static_cast<ptrdiff_t>(shown), rows.end(),
                    is_busier);
  rows.resize(shown);
  return result;
}

} // namespace troupe
