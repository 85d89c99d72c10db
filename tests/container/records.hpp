// SPDX-License-Identifier: Apache-2.0
#pragma once

// Writes event records as the kernel side does, for the tests of a container.

#include "bpf/event.h"
#include "messages/event_batch.hpp"
#include "messages/snapshot.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

namespace troupe {

inline constexpr uint64_t second_ns = 1'000'000'000;

/// IPv4 text as the kernel side writes it: v4-mapped. IPv6 text as it is.
inline void set_ip(__u8 (&raw)[16], const std::string& text) {
  std::memset(raw, 0, sizeof(raw));
  if (inet_pton(AF_INET6, text.c_str(), raw) == 1)
    return;
  raw[10] = 0xff;
  raw[11] = 0xff;
  inet_pton(AF_INET, text.c_str(), raw + 12);
}

inline void set_comm(char (&raw)[EVENT_COMM_SIZE], std::string_view comm) {
  std::copy_n(comm.begin(), std::min(comm.size(), sizeof(raw) - 1), raw);
}

inline tcp_endpoint_pair endpoints(const std::string& local, uint16_t local_port,
                                   const std::string& remote, uint16_t remote_port) {
  tcp_endpoint_pair result{};
  set_ip(result.local, local);
  set_ip(result.remote, remote);
  result.local_port = local_port;
  result.remote_port = remote_port;
  return result;
}

/// One connection of a test, and what is to be said of it.
struct test_connection {
  uint64_t cookie = 1;
  tcp_endpoint_pair ends = endpoints("10.0.0.1", 40000, "10.0.0.2", 80);
  uint8_t direction = TCP_OUTBOUND;
  uint8_t flags = TCP_FLAG_ESTABLISHED;
  uint64_t opened_ns = 10 * second_ns;
  uint64_t connect_ns = 2'000'000;
  process_id owner{100, 5 * second_ns};
};

struct test_totals {
  uint64_t sent = 0;
  uint64_t received = 0;
  uint32_t retransmits = 0;
  uint32_t srtt_us = 0;
};

/// Appends records to a batch; time goes on by a millisecond a record.
class record_writer {
public:
  uint64_t now_ns = 10 * second_ns;

  template <class Record>
  record_writer& add(Record record, std::string_view tail = {}) {
    const auto size = (sizeof(record) + tail.size() + 7) / 8 * 8;
    header_of(record).size = static_cast<uint16_t>(size);
    const auto at = batch_.records.size();
    batch_.records.resize(at + size);
    std::memcpy(batch_.records.data() + at, &record, sizeof(record));
    std::copy_n(reinterpret_cast<const std::byte*>(tail.data()), tail.size(),
                batch_.records.data() + at + sizeof(record));
    ++batch_.count;
    return *this;
  }

  record_writer& forked(process_id child, process_id parent, std::string_view comm = "sh") {
    auto record = process_record<process_forked>(EVENT_PROCESS_FORKED, child, comm);
    record.parent_pid = parent.pid;
    record.parent_start_boottime_ns = parent.start_boottime_ns;
    return add(record);
  }
  record_writer& executed(process_id who, std::string_view comm, std::string_view argv = {}) {
    auto record = process_record<process_executed>(EVENT_PROCESS_EXECUTED, who, comm);
    record.argv_size = static_cast<uint16_t>(argv.size());
    return add(record, argv);
  }
  record_writer& moved(process_id who, std::string_view comm = "runc:[0:PARENT]") {
    return add(process_record<process_moved>(EVENT_PROCESS_MOVED, who, comm));
  }
  /// To another container.
  record_writer& departed(process_id who, std::string_view comm = "sh") {
    auto record = process_record<process_moved>(EVENT_PROCESS_MOVED, who, comm);
    record.header.cgroup_id = 0;
    return add(record);
  }
  record_writer& found(process_id who, std::string_view comm) {
    return add(process_record<process_found>(EVENT_PROCESS_FOUND, who, comm));
  }
  record_writer& exited(process_id who, int code = 0, bool oom = false,
                        std::string_view comm = "sh") {
    auto record = process_record<process_exited>(EVENT_PROCESS_EXITED, who, comm);
    record.exit_code = code;
    record.oom_killed = oom ? 1 : 0;
    record.signal = oom ? 9 : 0;
    return add(record);
  }
  record_writer& killed(process_id who, uint8_t signal, std::string_view comm = "sh") {
    auto record = process_record<process_exited>(EVENT_PROCESS_EXITED, who, comm);
    record.signal = signal;
    return add(record);
  }

  record_writer& listen_opened(uint64_t cookie, const std::string& ip, uint16_t port,
                               process_id owner = {100, 5 * second_ns}, bool preexisting = false) {
    return add(listen_record(EVENT_TCP_LISTEN_OPENED, cookie, ip, port, owner, preexisting));
  }
  record_writer& listen_closed(uint64_t cookie, const std::string& ip, uint16_t port) {
    return add(listen_record(EVENT_TCP_LISTEN_CLOSED, cookie, ip, port, {}, false));
  }

  record_writer& opened(const test_connection& c) {
    return add(connection_record(EVENT_TCP_OPENED, c));
  }
  record_writer& connect_failed(const test_connection& c, const test_totals& t = {}) {
    return add(totals_record(EVENT_TCP_CONNECT_FAILED, c, t));
  }
  record_writer& progress(const test_connection& c, const test_totals& t = {}) {
    return add(totals_record(EVENT_TCP_PROGRESS, c, t));
  }
  record_writer& closed(const test_connection& c, const test_totals& t = {}) {
    return add(totals_record(EVENT_TCP_CLOSED, c, t));
  }

  /// The batch so far; the writer begins a new one.
  event_batch take() { return std::exchange(batch_, {}); }

private:
  template <class Record>
  static event_header& header_of(Record& record) {
    if constexpr (requires { record.connection; })
      return record.connection.header;
    else
      return record.header;
  }

  event_header header(event_kind kind, process_id who) {
    now_ns += 1'000'000;
    event_header result{};
    result.time_ns = now_ns;
    result.cgroup_id = 7;
    result.start_boottime_ns = who.start_boottime_ns;
    result.pid = who.pid;
    result.kind = kind;
    return result;
  }

  template <class Record>
  Record process_record(event_kind kind, process_id who, std::string_view comm) {
    Record record{};
    record.header = header(kind, who);
    set_comm(record.comm, comm);
    return record;
  }

  tcp_listen listen_record(event_kind kind, uint64_t cookie, const std::string& ip, uint16_t port,
                           process_id owner, bool preexisting) {
    tcp_listen record{};
    record.header = header(kind, owner);
    record.socket_cookie = cookie;
    set_ip(record.local, ip);
    record.local_port = port;
    record.preexisting = preexisting ? 1 : 0;
    return record;
  }

  tcp_connection connection_record(event_kind kind, const test_connection& c) {
    tcp_connection record{};
    record.header = header(kind, c.owner);
    record.socket_cookie = c.cookie;
    record.opened_ns = c.opened_ns;
    record.connect_ns = c.connect_ns;
    record.endpoints = c.ends;
    record.direction = c.direction;
    record.flags = c.flags;
    return record;
  }

  tcp_connection_totals totals_record(event_kind kind, const test_connection& c,
                                      const test_totals& t) {
    tcp_connection_totals record{};
    record.connection = connection_record(kind, c);
    record.bytes_sent = t.sent;
    record.bytes_received = t.received;
    record.srtt_us = t.srtt_us;
    record.retransmits = t.retransmits;
    return record;
  }

  event_batch batch_;
};

} // namespace troupe
