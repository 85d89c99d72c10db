// SPDX-License-Identifier: Apache-2.0
#include "actors/console/life_fields.hpp"

#include "actors/console/column_texts.hpp"
#include "actors/console/time_format.hpp"

#include <utility>

namespace troupe {

namespace {

using row = life_row;
using fields = std::vector<field<life_row>>;

template <class Wide, class T>
field_value value_of(const std::optional<T>& x) {
  return x ? field_value{static_cast<Wide>(*x)} : field_value{};
}

/// The kernel's name where the container has none.
const std::string& name_of(const row& x) {
  return x.metadata.name.empty() ? x.identity.container : x.metadata.name;
}

std::string delay_text(int64_t ns) {
  return ns < 0 ? "-" + duration_text(static_cast<uint64_t>(-ns))
                : duration_text(static_cast<uint64_t>(ns));
}

fields who_fields() {
  return {
      {{"time", "TIME", 12, false, shown::everywhere,
        "when it happened, as its source says (RFC 3339, UTC, ns)", 3},
       [](const row& x) -> field_value { return rfc3339(x.time_ns); },
       [](const row& x) {
         return local_time_of_day(x.time_ns);
       }},
      {{"source", "SOURCE", 7, false, shown::everywhere, "who told: kernel or runtime"},
       [](const row& x) -> field_value {
         return std::string{to_string(x.source)};
       }},
      {{"event", "EVENT", 14, false, shown::everywhere, "what happened: created, started, ..."},
       [](const row& x) -> field_value {
         return x.event;
       }},
      {{"container_id", "CONTAINER", 24, false, shown::everywhere, "as in metrics: /docker/web"},
       [](const row& x) -> field_value {
         return x.identity.container_id;
       }},
      {{"runtime", "RUNTIME", 10, false, shown::wide, "docker, containerd, systemd, ...", 10},
       [](const row& x) -> field_value {
         return std::string{to_string(x.metadata.runtime)};
       }},
      {{"runtime_id", "RUNTIME_ID", 12, false, shown::wide, "the runtime's id of the container",
        11},
       [](const row& x) -> field_value { return x.metadata.id; },
       [](const row& x) {
         return short_id(x.metadata.id);
       }},
      {{"name", "NAME", 16, false, shown::on_request, "the container's own name"},
       [](const row& x) -> field_value {
         return name_of(x);
       }},
      {{"image", "IMAGE", 24, false, shown::on_request, "where a runtime has told it"},
       [](const row& x) -> field_value {
         return x.metadata.image;
       }},
      {{"namespace", "NAMESPACE", 12, false, shown::on_request, "of Kubernetes or containerd"},
       [](const row& x) -> field_value {
         return x.identity.name_space.empty() ? x.metadata.name_space : x.identity.name_space;
       }},
      {{"pod", "POD", 24, false, shown::on_request, "of Kubernetes or podman"},
       [](const row& x) -> field_value {
         return x.identity.pod.empty() ? x.metadata.pod : x.identity.pod;
       }},
      {{"labels", "LABELS", 24, false, shown::on_request, "of the container"},
       [](const row& x) -> field_value {
         return x.metadata.labels;
       }},
      {{"health", "HEALTH", 9, false, shown::on_request, "healthy, unhealthy, starting"},
       [](const row& x) -> field_value {
         return x.metadata.health;
       }},
  };
}

fields what_fields() {
  return {
      {{"pid", "PID", 7, true, shown::everywhere,
        "of the init process or the exec, on the host; null: not told", 7},
       [](const row& x) -> field_value {
         return x.pid != 0 ? field_value{uint64_t{x.pid}} : field_value{};
       }},
      {{"comm", "COMM", 15, false, shown::wide, "the process's short name; of the kernel only", 9},
       [](const row& x) -> field_value {
         return x.comm;
       }},
      {{"exit_code", "CODE", 4, true, shown::everywhere,
        "of exited and exec_exited; 128 + its number for a signal"},
       [](const row& x) -> field_value {
         return value_of<int64_t>(x.exit_code);
       }},
      {{"signal", "SIGNAL", 6, false, shown::everywhere,
        "number of what ended it; 0: none; of the kernel only", 8},
       [](const row& x) -> field_value { return value_of<int64_t>(x.signal); },
       [](const row& x) {
         return signal_name(x.signal.value_or(0));
       }},
      {{"oom", "OOM", 3, false, shown::everywhere, "ended for want of memory", 8},
       [](const row& x) -> field_value { return value_of<bool>(x.oom); },
       [](const row& x) {
         return std::string{x.oom.value_or(false) ? "yes" : "-"};
       }},
      {{"duration_ns", "RAN", 8, true, shown::wide, "how long it ran; of the kernel only", 6},
       [](const row& x) -> field_value { return value_of<uint64_t>(x.duration_ns); },
       [](const row& x) {
         return x.duration_ns ? duration_text(*x.duration_ns) : std::string{"-"};
       }},
      {{"delay_ns", "DELAY", 8, true, shown::everywhere,
        "how long after the kernel the runtime told it; negative: before; on the second of the two",
        5},
       [](const row& x) -> field_value { return value_of<int64_t>(x.delay_ns); },
       [](const row& x) {
         return x.delay_ns ? delay_text(*x.delay_ns) : std::string{"-"};
       }},
      {{"command", "COMMAND", 24, false, shown::everywhere,
        "of started and exec, with its arguments, blanks between", 4},
       [](const row& x) -> field_value {
         return x.command.empty() ? field_value{} : field_value{x.command};
       }},
      {{"argv", "ARGV", 24, false, shown::on_request, "the arguments; of the kernel only"},
       [](const row& x) -> field_value {
         return x.argv;
       }},
  };
}

} // namespace

std::string_view to_string(life_source source) {
  return source == life_source::kernel ? "kernel" : "runtime";
}

const std::vector<std::string>& life_event_names() {
  static const std::vector<std::string> names{
      "created", "started", "exec",    "exec_exited",    "oom",     "exited", "gone",
      "paused",  "resumed", "renamed", "health_changed", "updated", "removed"};
  return names;
}

const std::vector<field<life_row>>& life_fields() {
  static const fields all = [] {
    auto result = who_fields();
    for (auto& x : what_fields())
      result.push_back(std::move(x));
    return result;
  }();
  return all;
}

} // namespace troupe
