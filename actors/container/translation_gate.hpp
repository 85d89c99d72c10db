// SPDX-License-Identifier: Apache-2.0
#pragma once

// Stands before the record_counter where it can be asked where connections really go: puts aside
// what is told of those that wait for the answer.

#include "actors/container/record_counter.hpp"
#include "actors/container/translation_queue.hpp"

#include <cstddef>
#include <functional>
#include <span>
#include <string_view>

namespace troupe {

class translation_gate : public record_counter {
public:
  /// Counts what was put aside of one connection.
  using count_kept = std::function<void(const translation_queue::waiting&)>;

  translation_gate(container_counters& counters, trace_maker& trace, count_kept count)
      : record_counter(counters, trace),
        queue_(counters.asked),
        connections_(counters.connections),
        translated_(counters.translated),
        processes_(counters.processes),
        trace_(trace),
        count_(std::move(count)) {}

  // A socket may be connected again, under the same cookie: these two always begin something.
  void tcp_opened(const tcp_connection& record) {
    if (!waits(record, record.header, true))
      record_counter::tcp_opened(record);
  }
  void tcp_connect_failed(const tcp_connection_totals& record) {
    if (!waits(record.connection, record.connection.header, true))
      record_counter::tcp_connect_failed(record);
  }
  void tcp_closed(const tcp_connection_totals& record) {
    if (!waits(record.connection, record.connection.header, false))
      record_counter::tcp_closed(record);
  }
  void tcp_progress(const tcp_connection_totals& record) {
    if (!waits(record.connection, record.connection.header, false))
      record_counter::tcp_progress(record);
  }
  void l7_captured(const l7_chunk& record, std::string_view bytes) {
    if (!waits(record))
      record_counter::l7_captured(record, bytes);
  }
  void l7_datagram(const l7_chunk& record, std::string_view bytes) {
    if (!datagram_waits(record))
      record_counter::l7_datagram(record, bytes);
  }
  void l7_turned(const l7_turns& record) {
    if (!queue_.has(record.socket_cookie) || !keep(record.socket_cookie, record.header))
      record_counter::l7_turned(record);
  }

private:
  static constexpr uint16_t dns_port = 53;

  static bool is_unspecified(const ip_address& ip) {
    // The last four bytes are all of IPv4, and of no IPv6 address that a host has are they zero.
    return ip.bytes[12] == 0 && ip.bytes[13] == 0 && ip.bytes[14] == 0 && ip.bytes[15] == 0;
  }

  bool waits(const tcp_connection& record, const event_header& header, bool begins) {
    const auto cookie = record.socket_cookie;
    if (queue_.has(cookie)) {
      if (!begins || queue_.is_about(cookie, record.endpoints))
        return keep(cookie, header);
      release(cookie); // It was connected elsewhere before.
    }
    if (record.direction != TCP_OUTBOUND || cookie == 0 || (!begins && connections_.knows(cookie)))
      return false;
    return begin({cookie, header.pid, header.start_boottime_ns, false, record.endpoints}, header);
  }

  /// Mostly of a connection that was opened before, or waits.
  bool waits(const l7_chunk& record) {
    const auto cookie = record.socket_cookie;
    if (queue_.has(cookie))
      return keep(cookie, record.header);
    if ((record.flags & L7_OUTBOUND) == 0 || connections_.knows(cookie)
        || translated_.find(cookie, record.endpoints) != nullptr)
      return false;
    return begin(
        {cookie, record.header.pid, record.header.start_boottime_ns, false, record.endpoints},
        record.header);
  }

  /// Most sockets of datagrams ask one question and are gone: the first that is sent to somebody
  /// waits, and what comes before the answer waits behind it.
  bool datagram_waits(const l7_chunk& record) {
    const auto cookie = record.socket_cookie;
    const bool unknown_peer = record.endpoints.remote_port == 0;
    if (queue_.has(cookie)) {
      if (unknown_peer || queue_.is_about(cookie, record.endpoints))
        return keep(cookie, record.header);
      release(cookie); // It talks to several: their order counts more.
    }
    // Whoever sends there asks; a record of a datagram does not say who dialled.
    const bool asks = (record.flags & L7_SENT) != 0 && record.endpoints.remote_port == dns_port;
    // Of a socket that is not connected the kernel knows no address: nobody could find its flow.
    if (!asks || cookie == 0 || is_unspecified(local_end(record.endpoints).ip)
        || translated_.find(cookie, record.endpoints) != nullptr)
      return false;
    return begin(
        {cookie, record.header.pid, record.header.start_boottime_ns, true, record.endpoints},
        record.header);
  }

  bool begin(const nat_question& question, const event_header& header) {
    const auto comm = trace_.traces_any()
                          ? processes_.comm_of({question.pid, question.start_boottime_ns})
                          : std::string_view{};
    return queue_.begin(question, comm, header.time_ns) && keep(question.socket_cookie, header);
  }

  /// The header is the beginning of its record.
  bool keep(uint64_t cookie, const event_header& header) {
    if (queue_.keep(cookie, {reinterpret_cast<const std::byte*>(&header), header.size}))
      return true;
    release(cookie); // No room: it goes where it says.
    return false;
  }

  void release(uint64_t cookie) {
    if (const auto kept = queue_.release(cookie))
      count_(*kept);
  }

  translation_queue& queue_;
  const connection_ledger& connections_;
  const translations& translated_;
  const container_processes& processes_;
  trace_maker& trace_;
  count_kept count_;
};

} // namespace troupe
