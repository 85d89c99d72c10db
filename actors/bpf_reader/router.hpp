// SPDX-License-Identifier: Apache-2.0
#pragma once

// Gathers records into one batch a container. It knows neither actors nor the kernel.
//
// Per event: one look-up of the cgroup (none, if it is the last event's) and one copy. A container
// without credit is merged for, up to a bound; beyond it data records are dropped and counted, and
// lifecycle records are kept. A cgroup without a route is a container without a name: the same.
//
// A process that moves from one container to another is told of to both: to the one that it left by
// a process_moved whose cgroup_id is 0.

#include "actors/bpf_reader/event_source.hpp"
#include "actors/bpf_reader/flat_map.hpp"
#include "actors/bpf_reader/process_table.hpp"
#include "messages/event_batch.hpp"
#include "messages/host.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace troupe {

/// What the router says. Called from within its methods: must not call it back.
class router_output {
public:
  virtual void send_batch(container_key container, event_batch batch) = 0;
  virtual void cgroup_created(cgroup_found cgroup) = 0;
  virtual void cgroup_without_path(cgroup_id cgroup) = 0;
  virtual void cgroup_gone(cgroup_id cgroup, uint64_t time_ns) = 0;
  /// No cgroup leads to the container any more, and it has all that was for it.
  virtual void container_released(container_key container) = 0;

protected:
  ~router_output() = default;
};

struct router_limits {
  uint32_t credit_batches = 8;
  uint32_t pending_bytes_max = 1U << 20; ///< of data, for one container or one unknown cgroup
  uint32_t batch_bytes = 64U << 10;      ///< sent at once when it is that large
};

class router final : public record_sink {
public:
  router(router_limits limits, router_output& output);

  /// From the source: hot.
  void take(const event_header& record) override;

  /// One that was counted before, or that no source has made.
  void take_uncounted(const event_header& record);

  /// Sends what has gathered, to whom there is credit for.
  void flush();

  /// What is pending for the cgroup goes to this container from now on. A container that it went
  /// to before gets its rest first, with or without credit.
  void route(cgroup_id cgroup, container_key container);

  /// The records that wait for the cgroup's route; they are taken out.
  std::vector<std::byte> take_pending(cgroup_id cgroup);

  /// Drops what is pending for the cgroup and what will come.
  void ignore(cgroup_id cgroup);

  /// Forgets the cgroup; its container too, when it was the last one.
  void unroute(cgroup_id cgroup);

  /// A container may get so many more batches, and gets what waits for it.
  void grant(container_key container, uint32_t batches);

  /// The container was started anew: what its predecessor had not granted back will not come.
  void renew_credit(container_key container);

  /// Says once of every cgroup whose creation was not seen that it has no path.
  void ask_for_paths();

  /// Between these two every process_found is part of a walk; then the exits that were lost are
  /// made up for, of processes that began before that time.
  void begin_walk() { processes_.begin_walk(); }
  void end_walk(uint64_t begun_before_ns, uint64_t now_ns);

  [[nodiscard]] std::vector<event_count> events() const;
  [[nodiscard]] std::vector<loss_count> losses() const;
  /// That wait for a route or for credit, of all.
  [[nodiscard]] uint64_t pending_bytes() const;
  /// How far the containers are behind: all that waits for credit. Or, if that is more, what one
  /// cgroup has that waits for its route: whether a route comes may hang on what follows.
  [[nodiscard]] uint64_t arrears_bytes() const;
  [[nodiscard]] uint64_t routes() const { return routes_; }
  [[nodiscard]] uint64_t ignored() const { return ignored_; }
  [[nodiscard]] uint64_t processes() const { return processes_.size(); }

private:
  using slot_index = uint32_t;

  static constexpr slot_index ignored_slot = UINT32_MAX;
  static constexpr slot_index no_slot = UINT32_MAX - 1;

  /// A container, or (key 0) a cgroup of which we do not know the container yet.
  struct slot {
    event_batch batch;
    container_key key = 0;
    uint32_t credit = 0;
    uint32_t cgroups = 0;
    uint32_t expected_bytes = 0; ///< as large as the last batch
    bool listed = false;         ///< in ready_
  };

  void take_lifecycle(const event_header& record);
  void take_created(const event_header& record);
  void take_process(const event_header& record);
  void deliver_move(cgroup_id left, const event_header& record);
  void deliver(cgroup_id cgroup, const event_header& record);
  [[nodiscard]] uint64_t most_pending(uint16_t kind) const;
  void append(slot_index index, const event_header& record);
  void drop(slot& x, const event_header& record);
  void send(slot& x);
  slot_index find(cgroup_id cgroup);
  slot_index make_waiting(cgroup_id cgroup);
  slot_index make_slot(container_key container);
  slot_index slot_of(container_key container);
  void leave(cgroup_id cgroup, slot_index index);
  void release(slot_index index);
  void move_pending(slot& from, slot& to);
  void assign(cgroup_id cgroup, slot_index index);

  router_limits limits_;
  router_output& output_;
  flat_map<slot_index> cgroups_;
  flat_map<slot_index> containers_;
  std::vector<slot> slots_;
  std::vector<slot_index> free_;
  std::vector<slot_index> ready_;  ///< slots with something to send
  std::vector<cgroup_id> unasked_; ///< cgroups that wait, and nobody was told
  cgroup_id last_cgroup_ = 0;
  slot_index last_slot_ = no_slot;
  process_table processes_;
  uint64_t routes_ = 0;
  uint64_t ignored_ = 0;
  std::array<uint64_t, EVENT_KIND_COUNT> events_{};
  std::array<uint64_t, EVENT_KIND_COUNT> without_credit_{};
  std::array<uint64_t, EVENT_KIND_COUNT> without_route_{};
};

} // namespace troupe
