// SPDX-License-Identifier: Apache-2.0
#include "actors/console/event_fields.hpp"

#include "actors/console/column_texts.hpp"
#include "actors/console/l7_fields.hpp"
#include "actors/console/selector.hpp"
#include "actors/console/time_format.hpp"

#include <cstring>
#include <utility>

namespace troupe {

namespace {

using row = event_row;
using fields = std::vector<field<event_row>>;

const exec_trace& exec_of(const row& x) {
  return std::get<exec_trace>(x.event.detail);
}
const exit_trace& exit_of(const row& x) {
  return std::get<exit_trace>(x.event.detail);
}
const tcp_trace& tcp_of(const row& x) {
  return std::get<tcp_trace>(x.event.detail);
}

std::string error_name(int error) {
  if (error == 0)
    return {};
  const char* name = ::strerrorname_np(error);
  return name != nullptr ? name : std::to_string(error);
}

std::string dash_if_zero(uint64_t x, std::string text) {
  return x == 0 ? "-" : std::move(text);
}

fields common_fields() {
  return {
      {{"time", "TIME", 12, false, shown::everywhere, "when it happened (RFC 3339, UTC, ns)", 3},
       [](const row& x) -> field_value { return rfc3339(x.unix_time_ns); },
       [](const row& x) {
         return local_time_of_day(x.unix_time_ns);
       }},
      {{"event", "EVENT", 5, false, shown::structured, "exec, exit, tcp, oom, l7 or dns"},
       [](const row& x) -> field_value {
         return std::string{to_string(x.kind)};
       }},
      {{"container_id", "CONTAINER", 24, false, shown::everywhere, "as in metrics: /docker/web"},
       [](const row& x) -> field_value {
         return x.batch.identity.container_id;
       }},
      {{"runtime", "RUNTIME", 10, false, shown::wide, "docker, containerd, systemd, ...", 10},
       [](const row& x) -> field_value {
         return std::string{to_string(x.batch.runtime)};
       }},
      {{"runtime_id", "RUNTIME_ID", 12, false, shown::wide, "the runtime's id of the container",
        11},
       [](const row& x) -> field_value { return x.batch.runtime_id; },
       [](const row& x) {
         return short_id(x.batch.runtime_id);
       }},
      {{"name", "NAME", 16, false, shown::on_request, "the container's own name"},
       [](const row& x) -> field_value {
         return x.batch.identity.container;
       }},
      {{"namespace", "NAMESPACE", 12, false, shown::on_request, "of Kubernetes or containerd"},
       [](const row& x) -> field_value {
         return std::string{scope_of(x.batch).name_space};
       }},
      {{"pod", "POD", 24, false, shown::on_request, "of Kubernetes"},
       [](const row& x) -> field_value {
         return x.batch.identity.pod;
       }},
      {{"labels", "LABELS", 24, false, shown::on_request, "of the container"},
       [](const row& x) -> field_value {
         return x.batch.labels;
       }},
      {{"pid", "PID", 7, true, shown::everywhere, "process id on the host", 7},
       [](const row& x) -> field_value {
         return uint64_t{x.event.process.pid};
       }},
      {{"comm", "COMM", 15, false, shown::everywhere, "the process's short name", 5},
       [](const row& x) -> field_value {
         return x.event.comm;
       }},
  };
}

void append(fields& all, const fields& more) {
  all.insert(all.end(), more.begin(), more.end());
}

fields exec_fields() {
  auto all = common_fields();
  append(all, {
                  {{"ppid", "PPID", 7, true, shown::everywhere, "its parent's process id", 9},
                   [](const row& x) -> field_value {
                     return uint64_t{exec_of(x).ppid};
                   }},
                  {{"uid", "UID", 5, true, shown::wide, "user id on the host", 10},
                   [](const row& x) -> field_value {
                     return uint64_t{exec_of(x).uid};
                   }},
                  {{"argv_truncated", "CUT", 3, false, shown::structured,
                    "the arguments were longer than is kept (1 KiB)"},
                   [](const row& x) -> field_value {
                     return exec_of(x).argv_truncated;
                   }},
                  {{"argv", "ARGV", 40, false, shown::everywhere, "the arguments"},
                   [](const row& x) -> field_value {
                     return exec_of(x).argv;
                   }},
              });
  return all;
}

fields exit_fields() {
  auto all = common_fields();
  append(
      all,
      {
          {{"ppid", "PPID", 7, true, shown::wide, "its parent's process id", 9},
           [](const row& x) -> field_value {
             return uint64_t{exit_of(x).ppid};
           }},
          {{"uid", "UID", 5, true, shown::wide, "user id on the host", 10},
           [](const row& x) -> field_value {
             return uint64_t{exit_of(x).uid};
           }},
          {{"exit_code", "CODE", 4, true, shown::everywhere, "as given to exit(); 0 by a signal"},
           [](const row& x) -> field_value {
             return int64_t{exit_of(x).exit_code};
           }},
          {{"signal", "SIGNAL", 6, false, shown::everywhere, "number of what ended it; 0: none"},
           [](const row& x) -> field_value { return int64_t{exit_of(x).signal}; },
           [](const row& x) {
             return signal_name(exit_of(x).signal);
           }},
          {{"oom", "OOM", 3, false, shown::everywhere, "the kernel's OOM killer chose it", 8},
           [](const row& x) -> field_value { return exit_of(x).oom; },
           [](const row& x) {
             return std::string{exit_of(x).oom ? "yes" : "-"};
           }},
          {{"duration_ns", "RAN", 8, true, shown::everywhere, "how long it ran", 6},
           [](const row& x) -> field_value { return exit_of(x).duration_ns; },
           [](const row& x) {
             return duration_text(exit_of(x).duration_ns);
           }},
          {{"setup", "SETUP", 5, false, shown::structured,
            "a helper of the runtime that never ran the container's code (--all)"},
           [](const row& x) -> field_value {
             return exit_of(x).setup;
           }},
      });
  return all;
}

fields tcp_identity_fields() {
  return {
      {{"action", "ACTION", 8, false, shown::everywhere,
        "listen, connect, accept, connect_failed, close"},
       [](const row& x) -> field_value { return std::string{to_string(tcp_of(x).action)}; },
       [](const row& x) {
         const auto action = tcp_of(x).action;
         return std::string{action == tcp_action::connect_failed ? "failed" : to_string(action)};
       }},
      {{"direction", "DIRECTION", 9, false, shown::wide, "outbound or inbound", 9},
       [](const row& x) -> field_value {
         return std::string{tcp_of(x).inbound ? "inbound" : "outbound"};
       }},
      {{"src", "SRC", 21, false, shown::everywhere, "address and port of the side that dialled", 6},
       [](const row& x) -> field_value {
         return tcp_of(x).src;
       }},
      {{"dst", "DST", 21, false, shown::everywhere, "address and port that was dialled"},
       [](const row& x) -> field_value {
         return tcp_of(x).dst;
       }},
      {{"actual_dst", "ACTUAL_DST", 21, false, shown::wide, "where it went after NAT", 9},
       [](const row& x) -> field_value {
         return tcp_of(x).actual_dst;
       }},
  };
}

fields tcp_count_fields() {
  return {
      {{"bytes_sent", "SENT", 9, true, shown::everywhere, "payload bytes; on close", 4},
       [](const row& x) -> field_value { return tcp_of(x).bytes_sent; },
       [](const row& x) {
         return dash_if_zero(tcp_of(x).bytes_sent, bytes_text(tcp_of(x).bytes_sent));
       }},
      {{"bytes_received", "RECEIVED", 9, true, shown::everywhere, "payload bytes; on close", 4},
       [](const row& x) -> field_value { return tcp_of(x).bytes_received; },
       [](const row& x) {
         return dash_if_zero(tcp_of(x).bytes_received, bytes_text(tcp_of(x).bytes_received));
       }},
      {{"rtt_ns", "RTT", 7, true, shown::everywhere, "smoothed round-trip time; 0: unknown", 9},
       [](const row& x) -> field_value { return tcp_of(x).rtt_ns; },
       [](const row& x) {
         return dash_if_zero(tcp_of(x).rtt_ns, duration_text(tcp_of(x).rtt_ns));
       }},
      {{"retransmits", "RETRANS", 7, true, shown::wide, "segments sent again", 10},
       [](const row& x) -> field_value {
         return tcp_of(x).retransmits;
       }},
      {{"duration_ns", "TOOK", 7, true, shown::everywhere,
        "close: how long it was open; connect, connect_failed: the handshake", 8},
       [](const row& x) -> field_value { return tcp_of(x).duration_ns; },
       [](const row& x) {
         return dash_if_zero(tcp_of(x).duration_ns, duration_text(tcp_of(x).duration_ns));
       }},
      {{"error", "ERROR", 12, false, shown::everywhere, "name of the errno, else empty"},
       [](const row& x) -> field_value {
         return error_name(tcp_of(x).error);
       }},
  };
}

fields tcp_fields() {
  auto all = common_fields();
  append(all, tcp_identity_fields());
  append(all, tcp_count_fields());
  return all;
}

fields with_common(const fields& own) {
  auto all = common_fields();
  append(all, own);
  return all;
}

} // namespace

std::string_view to_string(trace_kind kind) {
  switch (kind) {
    case trace_kind::exec:
      return "exec";
    case trace_kind::exit:
      return "exit";
    case trace_kind::tcp:
      return "tcp";
    case trace_kind::l7:
      return "l7";
    case trace_kind::dns:
      return "dns";
    case trace_kind::oom:
      break;
  }
  return "oom";
}

uint8_t mask_of(trace_kind kind) {
  switch (kind) {
    case trace_kind::exec:
      return trace_exec;
    case trace_kind::exit:
      return trace_exit;
    case trace_kind::tcp:
      return trace_tcp;
    case trace_kind::l7:
    case trace_kind::dns:
      return trace_l7;
    case trace_kind::oom:
      break;
  }
  return trace_oom;
}

std::string_view to_string(tcp_action action) {
  switch (action) {
    case tcp_action::listen:
      return "listen";
    case tcp_action::connect:
      return "connect";
    case tcp_action::accept:
      return "accept";
    case tcp_action::connect_failed:
      return "connect_failed";
    case tcp_action::close:
      break;
  }
  return "close";
}

bool is_of_kind(const trace_event& event, trace_kind kind) {
  switch (kind) {
    case trace_kind::exec:
      return std::holds_alternative<exec_trace>(event.detail);
    case trace_kind::exit:
      return std::holds_alternative<exit_trace>(event.detail);
    case trace_kind::tcp:
      return std::holds_alternative<tcp_trace>(event.detail);
    case trace_kind::l7:
      return std::holds_alternative<l7_trace>(event.detail);
    case trace_kind::dns: {
      const auto* l7 = std::get_if<l7_trace>(&event.detail);
      return l7 != nullptr && l7->exchange->protocol == l7_protocol::dns;
    }
    case trace_kind::oom:
      break;
  }
  const auto* exit = std::get_if<exit_trace>(&event.detail);
  return exit != nullptr && exit->oom;
}

const std::vector<field<event_row>>& event_fields(trace_kind kind) {
  static const fields exec = exec_fields();
  static const fields exit = exit_fields();
  static const fields tcp = tcp_fields();
  static const fields l7 = with_common(l7_fields());
  static const fields dns = with_common(dns_fields());
  switch (kind) {
    case trace_kind::exec:
      return exec;
    case trace_kind::tcp:
      return tcp;
    case trace_kind::l7:
      return l7;
    case trace_kind::dns:
      return dns;
    case trace_kind::exit:
    case trace_kind::oom: // The death that the OOM killer chose is an exit.
      break;
  }
  return exit;
}

} // namespace troupe
