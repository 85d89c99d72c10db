// SPDX-License-Identifier: Apache-2.0
#include "actors/console/l7_fields.hpp"

#include "actors/console/l7_filter.hpp"
#include "actors/console/query_redaction.hpp"
#include "actors/console/time_format.hpp"

#include <array>
#include <variant>

namespace troupe {

namespace {

using row = event_row;
using fields = std::vector<field<event_row>>;

const l7_trace& l7_of(const row& x) {
  return std::get<l7_trace>(x.event.detail);
}

const l7_exchange& said(const row& x) {
  return *l7_of(x).exchange;
}

std::string protocol_text(const row& x) {
  return std::string{to_string(said(x).protocol)};
}

std::string peer_of(const row& x) {
  return l7_of(x).inbound ? l7_of(x).src : l7_of(x).dst;
}

field_value status_value(const row& x) {
  return has_code(said(x)) ? field_value{int64_t{said(x).status}} : field_value{};
}

std::string status_text(const row& x) {
  return has_code(said(x)) ? std::to_string(said(x).status) : "-";
}

/// As RFC 1035 and its successors call them.
std::string response_code(const row& x) {
  static constexpr std::array<const char*, 6> names{"NOERROR",  "FORMERR", "SERVFAIL",
                                                    "NXDOMAIN", "NOTIMP",  "REFUSED"};
  if (!has_code(said(x)))
    return "-";
  const auto code = static_cast<size_t>(said(x).status);
  return code < names.size() ? names.at(code) : std::to_string(code);
}

std::string query_of(const row& x) {
  return x.raw ? said(x).detail : redacted_query(said(x));
}

field<row> direction_field() {
  return {{"direction", "DIRECTION", 9, false, shown::everywhere,
           "outbound: the container asked; inbound: it was asked", 7},
          [](const row& x) -> field_value {
            return std::string{l7_of(x).inbound ? "inbound" : "outbound"};
          }};
}

field<row> outcome_field() {
  return {{"outcome", "OUTCOME", 7, false, shown::everywhere,
           "ok, failed; unknown where the protocol did not tell"},
          [](const row& x) -> field_value {
            return std::string{to_string(said(x).outcome)};
          }};
}

fields end_fields() {
  return {
      {{"peer", "PEER", 21, false, shown::everywhere, "address and port of the other end", 3},
       [](const row& x) -> field_value {
         return peer_of(x);
       }},
      {{"src", "SRC", 21, false, shown::structured, "address and port of the side that dialled"},
       [](const row& x) -> field_value {
         return l7_of(x).src;
       }},
      {{"dst", "DST", 21, false, shown::structured, "address and port that was dialled"},
       [](const row& x) -> field_value {
         return l7_of(x).dst;
       }},
  };
}

fields measure_fields() {
  return {
      {{"duration_ns", "TOOK", 7, true, shown::everywhere,
        "from the request's first byte to the answer's"},
       [](const row& x) -> field_value { return said(x).duration_ns; },
       [](const row& x) {
         return duration_text(said(x).duration_ns);
       }},
      {{"request_bytes", "ASKED", 9, true, shown::everywhere, "size of the request", 4},
       [](const row& x) -> field_value { return said(x).request_bytes; },
       [](const row& x) {
         return bytes_text(said(x).request_bytes);
       }},
      {{"response_bytes", "ANSWERED", 9, true, shown::everywhere, "size of the answer", 4},
       [](const row& x) -> field_value { return said(x).response_bytes; },
       [](const row& x) {
         return bytes_text(said(x).response_bytes);
       }},
  };
}

void append(fields& all, const fields& more) {
  all.insert(all.end(), more.begin(), more.end());
}

} // namespace

std::vector<field<event_row>> l7_fields() {
  fields all{
      {{"protocol", "PROTOCOL", 9, false, shown::everywhere, "http, postgres, redis, ..."},
       [](const row& x) -> field_value {
         return protocol_text(x);
       }},
      // Only what nobody encrypted can be read.
      {{"tls", "TLS", 3, false, shown::structured, "it was read before it was encrypted"},
       [](const row&) -> field_value {
         return false;
       }},
      direction_field(),
  };
  append(all, end_fields());
  append(all, {{{"status", "STATUS", 6, true, shown::everywhere,
                 "the protocol's code: HTTP's, gRPC's, a database's error; null: it told none"},
                status_value,
                status_text},
               outcome_field()});
  append(all, measure_fields());
  append(all, {{{"traceparent", "TRACEPARENT", 55, false, shown::wide,
                 "the trace that it belongs to: the header traceparent, or B3's; null: none", 12},
                [](const row& x) -> field_value {
                  const auto& text = said(x).traceparent;
                  return text.empty() ? field_value{} : field_value{text};
                }},
               {{"method", "METHOD", 7, false, shown::structured,
                 "of messages produce or consume, of DNS the type"},
                [](const row& x) -> field_value {
                  return said(x).method;
                }},
               {{"subject", "SUBJECT", 24, false, shown::structured, "topic, queue or domain"},
                [](const row& x) -> field_value {
                  return said(x).subject;
                }},
               {{"operation", "OPERATION", 32, false, shown::everywhere,
                 "what was asked: HTTP's method and path, SQL's verb and table, a command"},
                [](const row& x) -> field_value {
                  return said(x).operation;
                }},
               {{"query", "QUERY", 60, false, shown::on_request,
                 "all that was asked: the query with ? for values, the URL without arguments (see "
                 "--raw)"},
                [](const row& x) -> field_value {
                  return query_of(x);
                }}});
  return all;
}

std::vector<field<event_row>> dns_fields() {
  fields all{direction_field()};
  append(all, end_fields());
  append(all, {{{"request_type", "TYPE", 5, false, shown::everywhere, "A, AAAA, MX, ..."},
                [](const row& x) -> field_value {
                  return said(x).method;
                }},
               {{"status", "STATUS", 8, false, shown::everywhere,
                 "the response code, 3: no such name; null: nobody answered"},
                status_value,
                response_code},
               outcome_field()});
  append(all, measure_fields());
  append(all, {{{"domain", "DOMAIN", 32, false, shown::everywhere, "the name that was asked for"},
                [](const row& x) -> field_value {
                  return said(x).subject;
                }},
               {{"answers", "ANSWERS", 32, false, shown::everywhere, "addresses and names", 2},
                [](const row& x) -> field_value {
                  return said(x).detail;
                }}});
  return all;
}

} // namespace troupe
