// SPDX-License-Identifier: Apache-2.0
// What a container does now: its processes and sockets.

#include "actors/console/inspect_rows.hpp"
#include "actors/console/process_fields.hpp"

namespace troupe {

namespace {

known_rows<process_info> processes_of(const inspection& x) {
  return x.processes;
}

field_value owner_pid(const inspected_socket& x) {
  return optional_number(unless_zero(x.pid));
}

field_value owner_comm(const inspected_socket& x) {
  return optional_text(x.comm);
}

field_value total(const inspected_socket& x, uint64_t value) {
  return x.socket.has_totals ? field_value{value} : field_value{};
}

field_value protocol_of(const inspected_socket& x) {
  return std::string{x.socket.protocol == socket_protocol::tcp ? "tcp" : "udp"};
}

const row_fields<inspected_socket>& listen_fields() {
  using row = inspected_socket;
  static const row_fields<row> all{
      {{"protocol", "PROTOCOL", 0, false, shown::everywhere, "tcp or udp"}, protocol_of},
      {{"address", "ADDRESS", 0, false, shown::everywhere, "ip:port"},
       [](const row& x) -> field_value {
         return x.socket.local;
       }},
      {{"waiting", "WAITING", 0, true, shown::everywhere,
        "connections that nobody accepted yet; udp: bytes that nobody has read"},
       [](const row& x) -> field_value {
         return uint64_t{x.socket.receive_queue};
       }},
      {{"backlog", "BACKLOG", 0, true, shown::everywhere, "how many may wait; null: udp"},
       [](const row& x) {
         return x.socket.protocol == socket_protocol::tcp
                    ? field_value{uint64_t{x.socket.send_queue}}
                    : field_value{};
       }},
      {{"pid", "PID", 0, true, shown::everywhere, "who has it; null: nobody in the container"},
       owner_pid},
      {{"comm", "COMM", 0, false, shown::everywhere, "its name"}, owner_comm},
  };
  return all;
}

const row_fields<inspected_socket>& connection_fields() {
  using row = inspected_socket;
  static const row_fields<row> all{
      {{"protocol", "PROTOCOL", 0, false, shown::everywhere, "tcp or udp", 6}, protocol_of},
      {{"local", "LOCAL", 0, false, shown::everywhere, "ip:port"},
       [](const row& x) -> field_value {
         return x.socket.local;
       }},
      {{"peer", "PEER", 0, false, shown::everywhere, "ip:port"},
       [](const row& x) -> field_value {
         return x.socket.remote;
       }},
      {{"state", "STATE", 0, false, shown::everywhere, "established, syn_sent, close_wait, ...", 5},
       [](const row& x) -> field_value {
         return std::string{socket_state_name(x.socket)};
       }},
      {{"bytes_sent", "SENT", 0, true, shown::everywhere, "payload, since its beginning; null: udp",
        3},
       [](const row& x) { return total(x, x.socket.bytes_sent); },
       [](const row& x) {
         return x.socket.has_totals ? bytes_text(x.socket.bytes_sent) : "-";
       }},
      {{"bytes_received", "RECEIVED", 0, true, shown::everywhere, "likewise", 3},
       [](const row& x) { return total(x, x.socket.bytes_received); },
       [](const row& x) {
         return x.socket.has_totals ? bytes_text(x.socket.bytes_received) : "-";
       }},
      {{"rtt_ns", "RTT", 0, true, shown::everywhere, "smoothed round-trip time", 4},
       [](const row& x) { return optional_number(unless_zero(x.socket.rtt_ns)); },
       [](const row& x) {
         return x.socket.rtt_ns == 0 ? "-" : duration_text(x.socket.rtt_ns);
       }},
      {{"retransmits", "RETRANSMITS", 0, true, shown::everywhere, "segments sent again", 6},
       [](const row& x) {
         return total(x, x.socket.retransmits);
       }},
      {{"unread_bytes", "UNREAD", 0, true, shown::wide, "received, and not read"},
       [](const row& x) -> field_value {
         return uint64_t{x.socket.receive_queue};
       }},
      {{"unacknowledged_bytes", "UNACKNOWLEDGED", 0, true, shown::wide,
        "sent, and not acknowledged"},
       [](const row& x) -> field_value {
         return uint64_t{x.socket.send_queue};
       }},
      {{"pid", "PID", 0, true, shown::everywhere, "who has it; null: nobody in the container"},
       owner_pid},
      {{"comm", "COMM", 0, false, shown::everywhere, "its name"}, owner_comm},
  };
  return all;
}

known_rows<inspected_socket> listens_of(const inspection& x) {
  return x.listens;
}

known_rows<inspected_socket> connections_of(const inspection& x) {
  return x.connections;
}

} // namespace

nested_rows process_rows() {
  return rows_of_kind<process_info, process_fields, processes_of>::make(true);
}
nested_rows listen_rows() {
  return rows_of_kind<inspected_socket, listen_fields, listens_of>::make(true);
}
nested_rows connection_rows() {
  return rows_of_kind<inspected_socket, connection_fields, connections_of>::make(true);
}

} // namespace troupe
