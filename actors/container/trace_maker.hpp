// SPDX-License-Identifier: Apache-2.0
#pragma once

// Turns records into what a person traces, and keeps it until the container has a name.

#include "actors/container/container_processes.hpp"
#include "actors/container/l7/connections.hpp"
#include "actors/container/translations.hpp"
#include "bpf/event.h"
#include "messages/control.hpp"
#include "messages/trace_event.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace troupe {

/// Traced events on their way, oldest first. Bounded: the oldest make room and are counted.
class trace_backlog {
public:
  static constexpr size_t events_max = 4096;
  static constexpr size_t bytes_max = size_t{1} << 20;

  void push(trace_event event);
  /// Events of the same container from elsewhere: each list keeps its order, and where they meet
  /// the earlier event comes first.
  void absorb(trace_backlog&& other);

  [[nodiscard]] bool empty() const { return events_.empty() && dropped_ == 0; }
  [[nodiscard]] size_t size() const { return events_.size(); }
  /// The oldest events, `count` at most, into the batch, with what was dropped.
  void move_to(trace_batch& batch, size_t count);

private:
  void make_room();

  std::deque<trace_event> events_;
  size_t bytes_ = 0;
  uint64_t dropped_ = 0;
};

class trace_maker {
public:
  static constexpr size_t batch_events_max = 256;
  /// Open connections whose process' name is remembered until they close.
  static constexpr size_t owners_max = 16384;

  trace_maker(container_key key, uint8_t mask) : key_(key), mask_(mask) {}

  [[nodiscard]] bool traces(trace_mask what) const { return (mask_ & what) != 0; }
  [[nodiscard]] bool traces_any() const { return mask_ != trace_none; }

  // Each makes an event, when it is asked for.
  void executed(const process_executed& record, std::string_view argv);
  void exited(const process_exited& record, bool setup);
  void listening(const tcp_listen& record, std::string_view comm);
  // `known` is null for a connection that goes where it says.
  void opened(const tcp_connection& record, std::string_view comm,
              const translation* known = nullptr);
  void connect_failed(const tcp_connection_totals& record, std::string_view comm,
                      const translation* known = nullptr);
  void closed(const tcp_connection_totals& record, std::string_view comm,
              const translation* known = nullptr);
  void exchanged(const l7::connection_ends& ends, std::string_view comm, l7_exchange exchange,
                 const translation* known = nullptr);
  /// created and gone: of the container, at that time.
  void lived(life_action action, uint64_t time_ns);
  /// started and exec.
  void began(life_action action, const process_executed& record, std::string_view argv);
  /// exited, exec_exited and oom.
  void ended(life_action action, const process_exited& record);

  /// From now on batches can be sent, under this name.
  void name(const container_named& named);

  /// Events that wait for a name, or for the console.
  [[nodiscard]] size_t waiting() const { return backlog_.size(); }

  /// The next events to send; nothing while there are none, or no name.
  [[nodiscard]] std::optional<trace_batch> next_batch();

  [[nodiscard]] trace_backlog hand_over();
  void absorb(trace_backlog&& other);

private:
  void push_tcp(const tcp_connection& record, std::string_view comm, const tcp_trace& detail);

  container_key key_;
  uint8_t mask_;
  trace_backlog backlog_;
  std::optional<container_named> named_;
  std::unordered_map<uint64_t, comm_text> owners_; ///< by socket cookie
};

} // namespace troupe
