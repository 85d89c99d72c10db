// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/container/container_account.hpp"
#include "bpf/event.h"

#include <cstdint>
#include <string_view>

namespace troupe {

/// Counts one record after the other, and traces those that were news.
class record_counter {
public:
  record_counter(container_counters& counters, trace_maker& trace)
      : counters_(counters), trace_(trace) {}
  /// Of records that were put aside: their process may be gone.
  record_counter(container_counters& counters, trace_maker& trace, std::string_view comm)
      : counters_(counters), trace_(trace), comm_(comm) {}

  void forked(const process_forked& record) { counters_.processes.forked(record); }
  void moved(const process_moved& record) { counters_.processes.moved(record); }
  void found(const process_found& record) { counters_.processes.found(record); }

  void executed(const process_executed& record, std::string_view argv) {
    const auto start = counters_.processes.executed(record, argv);
    if (!start.own)
      return;
    if (start.entered && trace_.traces(trace_life)) {
      const bool alone = counters_.processes.count() == 1;
      trace_.began(counters_.life.entered(id_of(record.header), alone), record, argv);
    }
    trace_.executed(record, argv);
  }

  void exited(const process_exited& record) {
    const auto end = counters_.processes.exited(record);
    if (end.repeated)
      return;
    counters_.oom_kills += record.oom_killed != 0 ? 1 : 0;
    if (trace_.traces(trace_life))
      trace_life_of(record, end.setup);
    trace_.exited(record, end.setup);
  }

  // The registry is told of these; what follows from them comes as cgroup_joined and cgroup_left.
  void cgroup_created(const cgroup_event& /*record*/, std::string_view /*path*/) {}
  void cgroup_removed(const cgroup_event& /*record*/) {}

  void listen_opened(const tcp_listen& record) {
    if (counters_.listens.opened(record, counters_.processes))
      trace_.listening(record, comm_for_trace(record.header, trace_tcp));
  }
  void listen_closed(const tcp_listen& record) { counters_.listens.closed(record); }

  void tcp_opened(const tcp_connection& record) {
    const auto* known = translation_of(record);
    if (!counters_.connections.opened(record, known))
      return;
    trace_.opened(record, comm_for_trace(record.header, trace_tcp), known);
    if (auto* flows = asked_flows())
      flows->opened(at_actual_end(record, known));
  }
  void tcp_connect_failed(const tcp_connection_totals& record) {
    const auto cookie = record.connection.socket_cookie;
    const auto* known = translation_of(record.connection);
    if (counters_.connections.connect_failed(record, known)) {
      trace_.connect_failed(record, comm_for_trace(record.connection.header, trace_tcp), known);
      if (auto* flows = asked_flows())
        flows->connect_failed(at_actual_end(record, known));
    }
    counters_.translated.erase(cookie);
  }
  void tcp_closed(const tcp_connection_totals& record) {
    const auto& about = record.connection;
    const auto* known = translation_of(about);
    auto* flows = asked_flows();
    if (counters_.connections.closed(record, known)) {
      trace_.closed(record, comm_for_trace(about.header, trace_tcp), known);
      if (flows != nullptr)
        flows->closed(at_actual_end(record, known));
    }
    counters_.l7.closed(about.socket_cookie, told_by(about.header));
    counters_.translated.erase(about.socket_cookie);
  }
  void tcp_progress(const tcp_connection_totals& record) {
    const auto* known = translation_of(record.connection);
    auto* flows = asked_flows();
    if (counters_.connections.progress(record, known) && flows != nullptr)
      flows->progress(at_actual_end(record, known));
  }
  void l7_captured(const l7_chunk& record, std::string_view bytes) {
    counters_.l7.captured(record, bytes, told_by(record.header));
  }
  void l7_datagram(const l7_chunk& record, std::string_view bytes) {
    counters_.l7.datagram(record, bytes, told_by(record.header));
  }
  void l7_turned(const l7_turns& record) { counters_.l7.turned(record, told_by(record.header)); }

private:
  void trace_life_of(const process_exited& record, bool setup) {
    if (record.oom_killed != 0)
      trace_.ended(life_action::oom, record);
    if (setup)
      return;
    if (const auto action = counters_.life.ended(id_of(record.header)))
      trace_.ended(*action, record);
  }

  /// Looked up only when it will be shown: this is the path of every event.
  std::string_view comm_for_trace(const event_header& header, trace_mask what) const {
    if (!comm_.empty() || !trace_.traces(what))
      return comm_;
    return counters_.processes.comm_of(id_of(header));
  }

  [[nodiscard]] l7_account::traced_by told_by(const event_header& header) const {
    return {trace_, comm_for_trace(header, trace_l7), asked_flows(), &counters_.translated};
  }

  /// Null: it goes where it says.
  [[nodiscard]] const translation* translation_of(const tcp_connection& record) const {
    return counters_.translated.find(record.socket_cookie, record.endpoints);
  }

  [[nodiscard]] flow_ledger* asked_flows() const {
    return trace_.traces(trace_flows) ? &counters_.flows : nullptr;
  }

  container_counters& counters_;
  trace_maker& trace_;
  std::string_view comm_;
};

} // namespace troupe
