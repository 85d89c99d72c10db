// SPDX-License-Identifier: Apache-2.0
#include "actors/console/doctor_report.hpp"

#include "actors/console/record_writer.hpp"
#include "actors/console/table.hpp"
#include "actors/registry/cgroup_path.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace troupe {

namespace {

std::string text_of(std::string_view text) {
  return std::string{text};
}

std::string runtime_state(const runtime_status& x) {
  if (!x.present)
    return "absent";
  return x.answering ? "answers" : "fails";
}

std::vector<section> sections_of(const doctor_report& report) {
  const auto& machine = report.machine;
  const auto hierarchy = machine.hierarchy.value_or(cgroup_hierarchy{});
  const auto verdict = describe_verdict(report);
  std::vector<section> all{
      {"ok", {}, verdict.empty()},
      {"obstacle", {}, verdict.empty() ? field_value{} : field_value{verdict}},
      {"kernel", {{{"release", "architecture"}, {machine.release, machine.architecture}}}, {}},
      {"btf", {{{"path", "present"}, {text_of(btf_path), machine.btf}}}, {}},
      {"cgroup",
       {{{"found", "version", "controller", "mount"},
         {machine.hierarchy.has_value(), uint64_t{hierarchy.controller.empty() ? 2U : 1U},
          hierarchy.controller, hierarchy.mount}}},
       {}},
      {"capabilities", {}, {}, true},
      {"features", {}, {}, true},
      {"runtimes", {}, {}, true},
      {"nat",
       {{{"conntrack", "cilium", "obstacle"},
         {report.nat.conntrack, report.nat.cilium, report.nat.obstacle}}},
       {}},
  };
  for (const auto& x : machine.capabilities)
    all[5].rows.push_back({{"name", "held", "needed", "purpose"},
                           {text_of(x.name), x.held, x.needed, text_of(x.purpose)}});
  for (const auto& x : report.features)
    all[6].rows.push_back(
        {{"feature", "enabled", "hook", "reason"}, {x.feature, x.enabled, x.hook, x.reason}});
  for (const auto& x : report.runtimes)
    all[7].rows.push_back(
        {{"runtime", "socket", "present", "answering", "version", "error", "message"},
         {text_of(to_string(x.endpoint.kind)), x.endpoint.socket, x.present, x.answering, x.version,
          x.error == ec::none ? std::string{} : to_string(x.error), x.message}});
  return all;
}

/// Where it is not loaded nobody translates by it, and nothing is missing.
std::string conntrack_state(const nat_check& x) {
  if (!x.conntrack)
    return "absent";
  return x.obstacle.empty() ? "ok" : "fails";
}

std::string columns_of(const doctor_report& report, bool headers,
                       std::optional<unsigned> terminal) {
  const auto& machine = report.machine;
  table rows{{{"CHECK"}, {"NAME"}, {"STATUS"}, {"DETAIL"}}};
  rows.add({"kernel", machine.release, "", machine.architecture});
  rows.add({"btf", btf_path, machine.btf ? "ok" : "missing", ""});
  rows.add({"cgroup", "hierarchy", machine.hierarchy ? "ok" : "missing",
            machine.hierarchy ? describe(*machine.hierarchy) : ""});
  for (const auto& x : machine.capabilities)
    rows.add({"capability", text_of(x.name),
              x.held     ? "held"
              : x.needed ? "missing"
                         : "not held",
              "to " + text_of(x.purpose)});
  for (const auto& x : report.features)
    rows.add({"feature", x.feature, x.enabled ? "on" : "off",
              x.hook.empty() ? x.reason : "by " + x.hook});
  rows.add({"nat", "conntrack", conntrack_state(report.nat), report.nat.obstacle});
  rows.add({"nat", "Cilium's maps", report.nat.cilium ? "ok" : "absent", ""});
  for (const auto& x : report.runtimes)
    rows.add({"runtime", fmt::format("{} {}", to_string(x.endpoint.kind), x.endpoint.socket),
              runtime_state(x),
              x.answering ? x.version
              : x.present ? x.message
                          : ""});
  if (report.runtimes.empty())
    rows.add({"runtime", "", "none",
              "no socket at " + report.usual_runtime_paths + " or below /run/user"});
  return rows.render(terminal, headers);
}

/// "4:memory:/docker/0123" as /proc/<pid>/cgroup has it, or "0::/...".
std::string_view without_controllers(std::string_view path) {
  unsigned hierarchy_id = 0;
  const auto* end = path.data() + path.size();
  const auto [rest, failure] = std::from_chars(path.data(), end, hierarchy_id);
  if (failure != std::errc{} || rest == end || *rest != ':')
    return path;
  const auto second = path.find(':', static_cast<size_t>(rest - path.data()) + 1);
  return second == std::string_view::npos ? path : path.substr(second + 1);
}

std::string_view without_mount(std::string_view path,
                               const std::optional<cgroup_hierarchy>& hierarchy) {
  if (!hierarchy || hierarchy->mount.size() <= 1 || !path.starts_with(hierarchy->mount))
    return path;
  const auto rest = path.substr(hierarchy->mount.size());
  return rest.starts_with('/') ? rest : path;
}

} // namespace

std::string describe_verdict(const doctor_report& report) {
  if (auto obstacle = describe_obstacle(report.machine); !obstacle.empty())
    return obstacle;
  const bool any = std::any_of(report.features.begin(), report.features.end(),
                               [](const feature_status& x) { return x.enabled; });
  if (any)
    return {};
  return report.features.empty() ? "no BPF feature is known"
                                 : fmt::format("this kernel takes none of the BPF programs: {}",
                                               report.features.front().reason);
}

std::string render_report(const doctor_report& report, output_format format, bool headers,
                          std::optional<unsigned> terminal) {
  switch (format) {
    case output_format::json:
      return json_sections(sections_of(report));
    case output_format::yaml:
      return yaml_sections(sections_of(report));
    case output_format::columns:
      break;
    case output_format::wide:
      return columns_of(report, headers, std::nullopt);
  }
  return columns_of(report, headers, terminal);
}

std::string render_cgroup_path(std::string_view path,
                               const std::optional<cgroup_hierarchy>& hierarchy,
                               output_format format) {
  const auto bare = without_mount(without_controllers(path), hierarchy);
  const auto meaning = parse_cgroup_path(bare);
  const record row{{"path", "kind", "runtime", "id", "pod_uid", "namespace"},
                   {text_of(bare), text_of(to_string(meaning.kind)),
                    text_of(to_string(meaning.runtime)), meaning.id, meaning.pod_uid,
                    meaning.name_space}};
  if (format == output_format::yaml)
    return yaml_document(row).substr(4); // One document: no separator.
  if (format == output_format::json) {
    std::string text;
    append_json(text, row);
    return text + "\n";
  }
  table rows{{{""}, {""}}};
  for (size_t i = 0; i < row.names.size(); ++i)
    rows.add({text_of(row.names[i]), column_text(row.values[i])});
  return rows.render(std::nullopt, false);
}

} // namespace troupe
