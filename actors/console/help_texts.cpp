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
    case trace_kind::oom:
      break;
  }
  return R"(Examples:
  troupe trace oom                              all containers
  troupe trace oom -o json                      for scripts
  troupe trace oom --timeout 3600               for an hour)";
}

} // namespace troupe::help
