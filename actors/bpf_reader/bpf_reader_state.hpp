// SPDX-License-Identifier: Apache-2.0
#pragma once

// Uses CAF: it is the state of the actor, which whoever spawns it must see.

#include "actors/bpf_reader/event_source.hpp"
#include "actors/bpf_reader/router.hpp"
#include "actors/bpf_reader/standalone_processes.hpp"
#include "actors/supervisor/gauged_actor.hpp"
#include "messages/actors.hpp"
#include "messages/settings.hpp"

#include <caf/typed_event_based_actor.hpp>

#include <chrono>
#include <memory>
#include <unordered_map>

namespace troupe {

/// What the reader owns, and what it does with each message.
struct bpf_reader_state : router_output {
  explicit bpf_reader_state(gauged_actor<capturing_reader_actor>* self);

  void start(const settings& options, std::unique_ptr<event_source> source,
             const registry_actor& registry);
  void drain_once();
  void take_tick();
  void take_credit(const credit& x);
  void take_route(const route_cgroup& x, const container_actor& container);
  void take_ignore(const ignore_cgroup& x);
  void take_unroute(const unroute_cgroup& x);
  void take_orders(const capture_orders& x);
  [[nodiscard]] reader_status status();

  static constexpr const char* name = "bpf_reader";

private:
  static constexpr auto first_walk = std::chrono::seconds{1};
  static constexpr uint64_t fork_margin_ns = 1'000'000'000;
  static constexpr uint32_t rounds_without_poll_max = 1024;

  struct receiver {
    container_actor handle;
    std::shared_ptr<actor_gauge> gauge; ///< empty for an actor without
  };

  [[nodiscard]] record_sink& sink();
  void walk_processes();
  void end_walk(uint64_t begun_before_ns);
  void show_credit(const receiver& to, uint64_t used) const;
  [[nodiscard]] bool is_full() const;
  void go_on();
  void drain_again();

  void send_batch(container_key container, event_batch batch) override;
  void cgroup_created(cgroup_found cgroup) override;
  void cgroup_without_path(cgroup_id cgroup) override;
  void cgroup_gone(cgroup_id cgroup, uint64_t time_ns) override;
  void container_released(container_key container) override;

  gauged_actor<capturing_reader_actor>* self_;
  registry_actor registry_;
  std::unique_ptr<event_source> source_;
  std::unique_ptr<router> router_;
  std::unique_ptr<standalone_processes> standalone_; ///< where wanted: before the router
  std::unordered_map<container_key, receiver> containers_;
  uint32_t credit_batches_ = 0;
  std::chrono::milliseconds interval_{20};
  uint64_t backlog_max_ = 0; ///< of all containers; with more a source that can wait does
  bool live_ = true;
  uint32_t rounds_without_poll_ = 0;
  bool waiting_ = false; ///< for credit or a route, with the source
  std::chrono::steady_clock::time_point started_;
  int64_t repairs_ = 0;            ///< walks still to make after a loss
  int64_t walks_after_a_loss_ = 2; ///< until those that were too young for the first are judged
};

} // namespace troupe
