// SPDX-License-Identifier: Apache-2.0
#include "actors/console/process_fields.hpp"

#include "actors/console/row_output.hpp"
#include "actors/console/selector.hpp"
#include "actors/console/time_format.hpp"

#include <algorithm>
#include <tuple>

namespace troupe {

namespace {

constexpr uint64_t second_ns = 1'000'000'000;
constexpr int64_t tick_ns = 10'000'000; ///< what /proc's start times are exact to

const process_info& process_of(const process_info& x) {
  return x;
}
const process_info& process_of(const process_row& x) {
  return x.process;
}

std::string started_text(const process_info& x) {
  const auto unix_ns = static_cast<int64_t>(x.id.start_boottime_ns) + unix_minus_boottime_ns();
  return rfc3339(unix_ns / tick_ns * tick_ns);
}

std::string age_text(const process_info& x) {
  const auto now = unix_now_ns() - unix_minus_boottime_ns();
  const auto age = now - static_cast<int64_t>(x.id.start_boottime_ns);
  return age < static_cast<int64_t>(second_ns)
             ? "0s"
             : duration_text(static_cast<uint64_t>(age) / second_ns * second_ns);
}

/// Without arguments its name in brackets, as ps(1) does.
std::string command_text(const process_info& x) {
  return x.arguments.empty() ? '[' + x.comm + ']' : column_text(x.arguments);
}

template <class Row>
std::vector<field<Row>> identity_fields() {
  return {
      {{"pid", "PID", 7, true, shown::everywhere, "as the host counts"},
       [](const Row& x) -> field_value {
         return uint64_t{process_of(x).id.pid};
       }},
      {{"ppid", "PPID", 7, true, shown::everywhere, "its parent", 6},
       [](const Row& x) -> field_value {
         return uint64_t{process_of(x).parent};
       }},
      {{"uid", "UID", 5, true, shown::everywhere, "effective user, as the host counts", 7},
       [](const Row& x) -> field_value {
         return uint64_t{process_of(x).user};
       }},
      {{"state", "STATE", 8, false, shown::everywhere,
        "running, sleeping, disk_sleep, stopped, traced, zombie, idle, dead", 5},
       [](const Row& x) -> field_value {
         return std::string{process_state_name(process_of(x).state)};
       }},
      {{"threads", "THREADS", 7, true, shown::wide, "how many", 8},
       [](const Row& x) -> field_value {
         return uint64_t{process_of(x).threads};
       }},
      {{"started", "STARTED", 7, true, shown::everywhere, "RFC 3339, exact to 10 ms", 4},
       [](const Row& x) -> field_value { return started_text(process_of(x)); },
       [](const Row& x) {
         return age_text(process_of(x));
       }},
  };
}

template <class Row>
std::vector<field<Row>> usage_fields() {
  return {
      {{"rss_bytes", "RSS", 8, true, shown::everywhere, "resident memory", 3},
       [](const Row& x) -> field_value { return process_of(x).resident_bytes; },
       [](const Row& x) {
         return bytes_text(process_of(x).resident_bytes);
       }},
      {{"cpu_time_ns", "CPU", 7, true, shown::everywhere, "user and system time", 2},
       [](const Row& x) -> field_value { return process_of(x).cpu_time_ns; },
       [](const Row& x) {
         return process_of(x).cpu_time_ns == 0 ? "0s" : duration_text(process_of(x).cpu_time_ns);
       }},
      {{"comm", "COMM", 15, false, shown::structured, "name of its first thread"},
       [](const Row& x) -> field_value {
         return process_of(x).comm;
       }},
      {{"argv", "COMMAND", 24, false, shown::everywhere, "program and arguments"},
       [](const Row& x) -> field_value { return process_of(x).arguments; },
       [](const Row& x) {
         return command_text(process_of(x));
       }},
      {{"cgroup", "CGROUP", 24, false, shown::on_request, "its path"},
       [](const Row& x) -> field_value {
         return process_of(x).cgroup_path;
       }},
  };
}

template <class Row>
void append_process_fields(std::vector<field<Row>>& all) {
  for (auto make : {identity_fields<Row>, usage_fields<Row>})
    for (const auto& x : make())
      all.push_back(x);
}

template <class Text>
field_value of_container(const process_row& x, Text text) {
  const auto value = x.container == nullptr ? std::string{} : std::string{text(*x.container)};
  return value.empty() ? field_value{} : field_value{value};
}

std::vector<field<process_row>> make_ps_fields() {
  std::vector<field<process_row>> all{
      {{"container_id", "CONTAINER", 24, false, shown::everywhere, "as in metrics; null: none"},
       [](const process_row& x) {
         return of_container(x, [](const list_row& c) { return c.identity.container_id; });
       }},
      {{"name", "NAME", 16, false, shown::structured, "of the container, as its runtime says"},
       [](const process_row& x) {
         return of_container(x, [](const list_row& c) { return c.metadata.name; });
       }},
      {{"namespace", "NAMESPACE", 12, false, shown::structured, "of Kubernetes or containerd"},
       [](const process_row& x) {
         return of_container(
             x, [](const list_row& c) { return scope_of(c.identity, c.metadata).name_space; });
       }},
      {{"pod", "POD", 24, false, shown::structured, "of Kubernetes or podman"},
       [](const process_row& x) {
         return of_container(
             x, [](const list_row& c) { return scope_of(c.identity, c.metadata).pod; });
       }},
      {{"runtime", "RUNTIME", 10, false, shown::structured, "docker, containerd, ..."},
       [](const process_row& x) {
         return of_container(x, [](const list_row& c) { return to_string(c.metadata.runtime); });
       }},
      {{"runtime_id", "ID", 12, false, shown::structured, "the runtime's id"},
       [](const process_row& x) {
         return of_container(x, [](const list_row& c) { return c.metadata.id; });
       }},
  };
  append_process_fields(all);
  return all;
}

} // namespace

std::string_view process_state_name(char state) {
  switch (state) {
    case 'R':
      return "running";
    case 'S':
      return "sleeping";
    case 'D':
      return "disk_sleep";
    case 'T':
      return "stopped";
    case 't':
      return "traced";
    case 'Z':
      return "zombie";
    case 'X':
      return "dead";
    case 'I':
      return "idle";
    default:
      return "unknown";
  }
}

const std::vector<field<process_row>>& ps_fields() {
  static const auto all = make_ps_fields();
  return all;
}

const std::vector<field<process_info>>& process_fields() {
  static const auto all = [] {
    std::vector<field<process_info>> fields;
    append_process_fields(fields);
    return fields;
  }();
  return all;
}

void sort_by_container(std::vector<process_row>& rows) {
  const auto key = [](const process_row& x) {
    const bool nobodys = x.container == nullptr;
    return std::tuple{nobodys,
                      nobodys ? std::string_view{}
                              : std::string_view{x.container->identity.container_id},
                      x.process.id.pid};
  };
  std::sort(rows.begin(), rows.end(),
            [&](const process_row& a, const process_row& b) { return key(a) < key(b); });
}

std::string render_processes(const std::vector<process_row>& rows, const output_options& output,
                             std::optional<unsigned> terminal) {
  return render_rows(ps_fields(), rows, output, terminal);
}

} // namespace troupe
