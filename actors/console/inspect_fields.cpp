// SPDX-License-Identifier: Apache-2.0
#include "actors/console/inspect_fields.hpp"

#include "actors/console/selector.hpp"
#include "actors/console/time_format.hpp"

#include <fmt/format.h>

namespace troupe {

namespace {

constexpr std::string_view container_heading = "Container";
constexpr std::string_view workload_heading = "Workload";
constexpr std::string_view process_heading = "Started as";
constexpr std::string_view limits_heading = "Limits";

using inspected = inspection;

const container_metadata& metadata_of(const inspected& x) {
  return x.container.metadata;
}

field_value optional_text(std::string_view text) {
  return text.empty() ? field_value{} : field_value{std::string{text}};
}

field_value optional_time(int64_t unix_ns) {
  return unix_ns == 0 ? field_value{} : field_value{rfc3339(unix_ns)};
}

/// "2026-05-01T12:00:00.000000000Z, 5m3s ago".
std::string time_and_age(int64_t unix_ns) {
  if (unix_ns == 0)
    return {};
  constexpr int64_t second_ns = 1'000'000'000;
  const auto age = (unix_now_ns() - unix_ns) / second_ns * second_ns;
  return age < second_ns ? rfc3339(unix_ns)
                         : fmt::format("{}, {} ago", rfc3339(unix_ns),
                                       duration_text(static_cast<uint64_t>(age)));
}

field_value label_of(const inspected& x, const char* key) {
  const auto& labels = metadata_of(x).labels;
  const auto found = labels.find(key);
  return found == labels.end() ? field_value{} : optional_text(found->second);
}

/// What a client tells only in detail; null where it was not told.
template <class Get>
field_value detail(const inspected& x, Get get) {
  const auto& details = metadata_of(x).details;
  return details ? field_value{get(*details)} : field_value{};
}

template <class Get>
field_value detail_text(const inspected& x, Get get) {
  const auto& details = metadata_of(x).details;
  return details ? optional_text(get(*details)) : field_value{};
}

/// Values are secrets unless they were asked for.
field_value environment_of(const inspected& x) {
  const auto& details = metadata_of(x).details;
  if (!details)
    return {};
  auto lines = details->environment;
  for (auto& line : lines)
    if (const auto equals = line.find('='); !x.environment && equals != std::string::npos)
      line.replace(equals + 1, std::string::npos, "***");
  return lines;
}

field_value nomad_of(const inspected& x) {
  const auto& task = metadata_of(x).nomad;
  if (task == nomad_task{})
    return {};
  return std::map<std::string, std::string>{{"namespace", task.name_space},
                                            {"job", task.job},
                                            {"group", task.group},
                                            {"alloc", task.alloc},
                                            {"task", task.task}};
}

std::string cgroup_path(const inspected& x) {
  const auto& details = metadata_of(x).details;
  return details ? details->cgroup_path : std::string{};
}

/// Where the kernel says the same, once is enough.
std::string other_cgroup_path(const inspected& x) {
  return x.cgroup && x.cgroup->path == cgroup_path(x) ? std::string{} : cgroup_path(x);
}

inspect_field scalar(std::string_view heading, std::string_view name, std::string_view meaning,
                     field_value (*value)(const inspected&),
                     std::string (*column)(const inspected&) = nullptr) {
  return {{{name, name, 0, false, shown::everywhere, meaning}, value, column}, heading};
}

inspect_field rows(std::string_view heading, std::string_view name, std::string_view meaning,
                   nested_rows of) {
  return {{{name, name, 0, false, shown::everywhere, meaning}, nullptr}, heading, of};
}

using field_list = std::vector<inspect_field>;

field_list container_part() {
  const auto h = container_heading;
  return {
      scalar(h, "container_id", "as in metrics: /docker/web",
             [](const inspected& x) -> field_value { return x.container.identity.container_id; }),
      scalar(h, "name", "as the runtime says",
             [](const inspected& x) -> field_value { return metadata_of(x).name; }),
      scalar(h, "runtime", "docker, containerd, ...",
             [](const inspected& x) -> field_value {
               return std::string{to_string(metadata_of(x).runtime)};
             }),
      scalar(h, "runtime_id", "the runtime's id",
             [](const inspected& x) -> field_value { return metadata_of(x).id; }),
      scalar(h, "oci_runtime", "runc, io.containerd.runsc.v1, ...",
             [](const inspected& x) { return optional_text(metadata_of(x).oci_runtime); }),
      scalar(h, "state", "created, running, paused, exited, unknown",
             [](const inspected& x) -> field_value {
               return std::string{to_string(metadata_of(x).state)};
             }),
      scalar(h, "health", "healthy, unhealthy, starting; null: nobody checks",
             [](const inspected& x) { return optional_text(metadata_of(x).health); }),
      scalar(h, "pid", "of the first process, on the host; 0: none",
             [](const inspected& x) -> field_value { return uint64_t{metadata_of(x).pid}; }),
      scalar(
          h, "created", "RFC 3339; null: unknown",
          [](const inspected& x) { return optional_time(metadata_of(x).created_ns); },
          [](const inspected& x) { return time_and_age(metadata_of(x).created_ns); }),
      scalar(
          h, "started", "RFC 3339; null: never",
          [](const inspected& x) { return optional_time(metadata_of(x).started_ns); },
          [](const inspected& x) { return time_and_age(metadata_of(x).started_ns); }),
      scalar(
          h, "finished", "RFC 3339; null: not yet",
          [](const inspected& x) { return optional_time(metadata_of(x).finished_ns); },
          [](const inspected& x) { return time_and_age(metadata_of(x).finished_ns); }),
      scalar(h, "exit_code", "null: has not exited",
             [](const inspected& x) {
               const auto& code = metadata_of(x).exit_code;
               return code ? field_value{int64_t{*code}} : field_value{};
             }),
      scalar(h, "oom_killed", "the kernel's OOM killer ended it",
             [](const inspected& x) -> field_value { return metadata_of(x).oom_killed; }),
      scalar(h, "restarts", "as the runtime counts them",
             [](const inspected& x) -> field_value { return uint64_t{metadata_of(x).restarts}; }),
      scalar(h, "restart_policy", "always, on-failure:3, ...; null: none",
             [](const inspected& x) {
               return detail_text(x, [](const auto& d) { return d.restart_policy; });
             }),
      scalar(h, "image", "as the container was made from",
             [](const inspected& x) -> field_value { return metadata_of(x).image; }),
      scalar(h, "image_digest", "sha256:...; null: unknown",
             [](const inspected& x) { return optional_text(metadata_of(x).image_digest); }),
      scalar(h, "log_path", "where its output goes, on the host",
             [](const inspected& x) {
               return detail_text(x, [](const auto& d) { return d.log_path; });
             }),
  };
}

field_list workload_part() {
  const auto h = workload_heading;
  return {
      scalar(
          h, "app_id", "the workload; container_id where there is none",
          [](const inspected& x) { return optional_text(x.container.identity.app_id); },
          [](const inspected& x) {
            const auto& identity = x.container.identity;
            return identity.app_id == identity.container_id ? std::string{} : identity.app_id;
          }),
      scalar(h, "namespace", "of Kubernetes or containerd",
             [](const inspected& x) {
               return optional_text(scope_of(x.container.identity, metadata_of(x)).name_space);
             }),
      scalar(h, "pod", "of Kubernetes or podman",
             [](const inspected& x) {
               const auto& pod = x.container.identity.pod;
               return optional_text(pod.empty() ? metadata_of(x).pod : pod);
             }),
      scalar(h, "container", "its name within the pod",
             [](const inspected& x) {
               const auto& identity = x.container.identity;
               return identity.pod.empty() ? field_value{} : optional_text(identity.container);
             }),
      scalar(h, "pod_uid", "of Kubernetes",
             [](const inspected& x) { return label_of(x, "io.kubernetes.pod.uid"); }),
      scalar(h, "sandbox_id", "runtime's id of the pod's sandbox or infra container",
             [](const inspected& x) { return optional_text(metadata_of(x).sandbox_id); }),
      scalar(h, "compose_project", "of docker compose",
             [](const inspected& x) { return label_of(x, "com.docker.compose.project"); }),
      scalar(h, "compose_service", "of docker compose",
             [](const inspected& x) { return label_of(x, "com.docker.compose.service"); }),
      scalar(h, "swarm_stack", "of docker swarm",
             [](const inspected& x) { return label_of(x, "com.docker.stack.namespace"); }),
      scalar(h, "swarm_service", "of docker swarm",
             [](const inspected& x) { return label_of(x, "com.docker.swarm.service.name"); }),
      scalar(h, "nomad", "namespace, job, group, alloc and task of Nomad", nomad_of),
      scalar(h, "systemd_type", "of a unit: simple, notify, ...",
             [](const inspected& x) { return optional_text(metadata_of(x).systemd_type); }),
      scalar(h, "systemd_triggered_by", "of a unit: its timer or socket",
             [](const inspected& x) { return optional_text(metadata_of(x).systemd_triggered_by); }),
      scalar(h, "labels", "keys and values",
             [](const inspected& x) -> field_value { return metadata_of(x).labels; }),
      scalar(h, "annotations", "keys and values",
             [](const inspected& x) {
               return detail(x, [](const auto& d) { return d.annotations; });
             }),
  };
}

field_list process_part() {
  const auto h = process_heading;
  return {
      scalar(
          h, "command", "program and arguments",
          [](const inspected& x) { return detail(x, [](const auto& d) { return d.command; }); },
          [](const inspected& x) {
            const auto& details = metadata_of(x).details;
            return !details || details->command.empty() ? std::string{}
                                                        : column_text(details->command);
          }),
      scalar(
          h, "user", "as the container names it",
          [](const inspected& x) { return detail_text(x, [](const auto& d) { return d.user; }); }),
      scalar(h, "working_dir", "in the container",
             [](const inspected& x) {
               return detail_text(x, [](const auto& d) { return d.working_dir; });
             }),
      scalar(h, "hostname", "in the container",
             [](const inspected& x) {
               return detail_text(x, [](const auto& d) { return d.hostname; });
             }),
      scalar(
          h, "privileged", "may do nearly all that root may; null: not told",
          [](const inspected& x) { return detail(x, [](const auto& d) { return d.privileged; }); }),
      scalar(h, "environment", "NAME=***; with --env NAME=value", environment_of),
  };
}

field_list machine_part() {
  return {
      rows(limits_heading, "limits", "that the runtime was asked to set; null: not told",
           limit_rows()),
      scalar(
          "Cgroup", "cgroup_path", "as the runtime says; null: it does not",
          [](const inspected& x) { return optional_text(cgroup_path(x)); }, other_cgroup_path),
      rows("Cgroup", "cgroup", "what the kernel holds it to; null: nothing runs", cgroup_rows()),
      rows("Mounts", "mounts", "what it sees of the host; null: not told", mount_rows()),
      rows("Networks", "networks", "addresses from the runtime; null: not told", network_rows()),
      rows("Namespaces", "namespaces", "and who is in them", namespace_rows()),
      rows("Processes", "processes", "that run in it now", process_rows()),
      rows("Listens", "listens", "TCP listens and UDP ports", listen_rows()),
      rows("Connections", "connections", "TCP connections and connected UDP sockets",
           connection_rows()),
  };
}

} // namespace

const std::vector<inspect_field>& inspect_fields() {
  static const auto all = [] {
    field_list fields;
    for (auto make : {container_part, workload_part, process_part, machine_part})
      for (const auto& x : make())
        fields.push_back(x);
    return fields;
  }();
  return all;
}

} // namespace troupe
