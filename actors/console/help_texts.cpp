// SPDX-License-Identifier: Apache-2.0
#include "actors/console/help_texts.hpp"

namespace troupe::help {

std::string_view trace_summary(trace_kind kind) {
  switch (kind) {
    case trace_kind::exec:
      return "Every program that a container starts, with its arguments.";
    case trace_kind::exit:
      return "How each process of a container ends: exit code, signal, how long it ran.";
    case trace_kind::tcp:
      return "TCP connections of containers: connects, accepts, failures, closes with bytes.";
    case trace_kind::l7:
      return "Requests that containers make and serve: what was asked, status, how long it took.";
    case trace_kind::dns:
      return "DNS queries of containers, with their answers.";
    case trace_kind::oom:
      break;
  }
  return "Processes of containers that the kernel kills for want of memory.";
}

std::string_view trace_kind_examples(trace_kind kind) {
  switch (kind) {
    case trace_kind::exec:
      return R"(Examples:
  troupe trace exec                             all containers
  troupe trace exec -c web -c '!db'             web, and never db
  troupe trace exec -c web --timeout 10 -o json | jq -r '.argv | join(" ")'
  troupe trace exec --fields time,comm,argv     these columns
  troupe trace exec --fields +uid,-ppid         other than the usual columns)";
    case trace_kind::exit:
      return R"(Examples:
  troupe trace exit                             all containers
  troupe trace exit -l app=shop                 by label
  troupe trace exit -o json | jq 'select(.exit_code != 0 or .signal != 0)'
  troupe trace exit --all                       the runtime's own helpers too)";
    case trace_kind::tcp:
      return R"(Examples:
  troupe trace tcp -c web                       connections of one container
  troupe trace tcp -n shop -o wide              of a namespace, with NAT and retransmits
  troupe trace tcp -o json | jq 'select(.action == "connect_failed")'
  troupe trace tcp --list                       what each field means)";
    case trace_kind::l7:
      return R"(Examples:
  troupe trace l7                               every request, in every protocol
  troupe trace l7 -c web --status 5xx           what web serves or is answered as an error
  troupe trace l7 --protocol http --protocol grpc --min-duration 100ms
  troupe trace l7 --protocol postgres --fields +query
  troupe trace l7 -o json | jq 'select(.outcome == "failed")'
  troupe trace l7 --protocol redis --raw        with values: treat the output as a secret
  troupe trace l7 --list                        what each field means

A request between two containers is two events: outbound of who asks, inbound of who answers.
Literals in queries are shown as ?, URLs without their arguments, unless --raw is given.)";
    case trace_kind::dns:
      return R"(Examples:
  troupe trace dns                              who asks for which name, and the answer
  troupe trace dns -c web --status failed       what web does not find
  troupe trace dns --status 3                   names that do not exist (NXDOMAIN)
  troupe trace dns -o json | jq -r .domain | sort | uniq -c | sort -rn)";
    case trace_kind::oom:
      break;
  }
  return R"(Examples:
  troupe trace oom                              all containers
  troupe trace oom -o json                      for scripts
  troupe trace oom --timeout 3600               for an hour)";
}

} // namespace troupe::help
