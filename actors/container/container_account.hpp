// SPDX-License-Identifier: Apache-2.0
#pragma once

// All that is known and counted of one container. No actors, no I/O, no clock of its own.

#include "actors/container/address_names.hpp"
#include "actors/container/connection_ledger.hpp"
#include "actors/container/container_life.hpp"
#include "actors/container/container_processes.hpp"
#include "actors/container/flow_ledger.hpp"
#include "actors/container/l7_account.hpp"
#include "actors/container/listen_table.hpp"
#include "actors/container/trace_maker.hpp"
#include "actors/container/translation_queue.hpp"
#include "actors/container/translations.hpp"
#include "messages/control.hpp"
#include "messages/event_batch.hpp"
#include "messages/snapshot.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace troupe {

/// What a container hands over when it turns out to be another one.
struct container_counters {
  explicit container_counters(const container_options& options)
      : names(std::make_shared<address_names>(options.domains_max)),
        connections(options, names),
        l7(options, names) {}

  container_processes processes;
  container_life life; ///< followed only where it is traced
  listen_table listens;
  std::shared_ptr<address_names> names;
  connection_ledger connections;
  l7_account l7;
  flow_ledger flows; ///< filled only where they are asked for
  translations translated;
  translation_queue asked; ///< connections that wait to be told where they go
  uint64_t restarts = 0;
  uint64_t oom_kills = 0;
  uint64_t events = 0;
  uint64_t events_dropped = 0;
  uint64_t events_invalid = 0;
  latency_histogram route_latency;
  trace_backlog traced; ///< filled at the hand-over
};

class container_account {
public:
  container_account(container_key key, const container_options& options);

  /// Takes in every record of the batch. `now_ns` is CLOCK_BOOTTIME.
  void consume(const event_batch& batch, uint64_t now_ns);

  void name(const container_named& named);
  void join(const cgroup_joined& joined);
  void leave(const cgroup_left& left);
  /// `now_ns` goes on by the clock; 0: nobody knows.
  void tick(uint64_t now_ns = 0);

  [[nodiscard]] container_snapshot snapshot() const;

  /// Everything counted so far; nothing of it is left here, and there is no name any more.
  [[nodiscard]] container_counters hand_over();
  void merge(container_counters&& inherited);

  /// Whether anybody can be asked where connections really go. Where nobody can, they go where they
  /// say, also those that wait.
  void open_questions(bool can_ask);
  /// What is to be asked; the answer, or that there was none, has to come before the next.
  [[nodiscard]] std::optional<nat_questions> next_questions();
  void answered(const nat_answers& answers);
  void unanswered();

  trace_maker& trace() { return trace_; }
  /// What is to be captured of its connections; each call empties it.
  [[nodiscard]] std::vector<capture_order> take_orders() { return counters_.l7.take_orders(); }
  [[nodiscard]] uint64_t events_invalid() const { return counters_.events_invalid; }

private:
  void count_kept(const translation_queue::waiting& kept);

  container_key key_;
  container_options options_;
  container_counters counters_;
  std::vector<cgroup_id> cgroups_; ///< that exist
  trace_maker trace_;
  std::optional<container_named> named_;
  uint32_t ticks_to_empty_ = 0; ///< runs down when the last cgroup is gone
};

} // namespace troupe
