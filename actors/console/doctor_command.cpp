// SPDX-License-Identifier: Apache-2.0
#include "actors/bpf_reader/bpf_objects.hpp"
#include "actors/console/doctor_report.hpp"
#include "actors/console/log_setup.hpp"
#include "actors/console/real_commands.hpp"
#include "actors/runtime_metadata/probe.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace troupe {

namespace {

int say_meaning(const doctor_request& request, const output_streams& streams) {
  const auto& config = request.config.agent;
  const auto text = render_cgroup_path(*request.cgroup_path,
                                       find_cgroup_hierarchy(config.host_root, config.cgroup_root),
                                       request.format);
  return write_all(streams.out, text) == write_result::failed ? exit_error : exit_done;
}

std::string summary(const doctor_report& report) {
  if (const auto obstacle = describe_verdict(report); !obstacle.empty())
    return "this machine cannot run the agent: " + obstacle;
  const auto off = std::count_if(report.features.begin(), report.features.end(),
                                 [](const feature_status& x) { return !x.enabled; });
  if (off == 0)
    return "this machine can run the agent, with every feature";
  return fmt::format("this machine can run the agent; {} of {} features are off", off,
                     report.features.size());
}

} // namespace

int run_doctor_command(const doctor_request& request, const output_streams& streams) {
  set_up_log(request.config, "error");
  if (request.cgroup_path)
    return say_meaning(request, streams);
  const auto& config = request.config.agent;
  doctor_report report;
  report.machine = check_machine(config);
  if (report.machine.hierarchy)
    report.features = probe_features(report.machine.hierarchy->controller);
  report.nat = check_nat(config.host_root);
  report.runtimes = probe_runtimes(config);
  report.usual_runtime_paths = usual_runtime_paths();
  const auto text =
      render_report(report, request.format, request.headers, terminal_width(streams.out));
  if (write_all(streams.out, text) == write_result::failed)
    return exit_error;
  say(streams.err, "troupe doctor: " + summary(report));
  return describe_verdict(report).empty() ? exit_done : exit_unsupported;
}

} // namespace troupe
