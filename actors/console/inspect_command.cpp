// SPDX-License-Identifier: Apache-2.0
// Uses CAF: the command asks an actor.

#include "actors/console/asked_runtimes.hpp"
#include "actors/console/container_listing.hpp"
#include "actors/console/inspect_fields.hpp"
#include "actors/console/inspect_target.hpp"
#include "actors/console/log_setup.hpp"
#include "actors/console/real_commands.hpp"
#include "actors/console/stop_signals.hpp"
#include "actors/host/cgroup_hierarchy.hpp"

#include <algorithm>
#include <optional>

namespace troupe {

namespace {

constexpr std::chrono::milliseconds end_timeout{2'000};

/// A unit, a login or a machine may be named like any container.
constexpr cgroup_container_choice all_of_them{true, true};

void complain(const output_streams& streams, const std::string& line) {
  say(streams.err, "troupe inspect: " + line);
}

/// All containers: what the runtimes say, and who is known by the cgroup alone.
std::vector<container_metadata> all_containers(asked_runtimes& asked, const settings& config,
                                               const output_streams& streams) {
  std::vector<container_metadata> containers;
  std::string error;
  if (auto listing = asked.list(error)) {
    for (const auto& line : describe_silent(listing->endpoints, config))
      complain(streams, line);
    containers = std::move(listing->containers);
  } else {
    complain(streams, "the runtimes did not answer: " + error);
  }
  add_unknown(containers, cgroup_containers(config.host_root, config.cgroup_root, all_of_them));
  for (auto& x : containers)
    add_start_time(x, config.host_root);
  return containers;
}

/// Containers with processes that no runtime answered for have the names that their cgroups give.
std::vector<list_row> rows_with(const std::vector<container_metadata>& containers,
                                const process_groups& groups) {
  auto rows = rows_of(runtime_listing{containers, {}});
  for (const auto& group : groups.all()) {
    const auto is_group = [&](const container_metadata& x) {
      return is_same_container(x, group.container.metadata);
    };
    if (std::none_of(containers.begin(), containers.end(), is_group))
      rows.push_back(group.container);
  }
  return rows;
}

/// The containers that are meant; what is wrong is said.
std::vector<list_row> find_containers(const inspect_request& request, const output_streams& streams,
                                      std::vector<list_row> rows, const process_groups& groups) {
  const auto pid_ids = ids_of_pids(request.scope, request.config.agent.host_root);
  std::vector<container_scope> present;
  for (const auto& row : rows)
    present.push_back(scope_of(row.identity, row.metadata));
  const auto missing = explain_missing(request.scope, present);
  std::erase_if(rows,
                [&](const list_row& row) { return !is_in_scope(row, request.scope, pid_ids); });
  std::vector<list_row> found;
  for (const auto& target : request.targets) {
    std::string error;
    if (auto row = find_target(target, rows, groups, error))
      found.push_back(std::move(*row));
    else
      complain(streams, error);
  }
  if (!request.targets.empty())
    return found;
  // Who is named is shown in every state, as when it is a target.
  if (request.scope.containers.empty())
    std::erase_if(rows, [](const list_row& x) { return !is_shown_by_default(x.metadata.state); });
  for (const auto& line : missing)
    complain(streams, line);
  if (rows.empty() && missing.empty())
    complain(streams, "no container matches " + request.scope.text());
  return rows;
}

int inspect(const inspect_request& request, const output_streams& streams,
            const std::vector<container_metadata>& containers) {
  const auto& config = request.config.agent;
  const auto hierarchy = find_cgroup_hierarchy(config.host_root, config.cgroup_root);
  const auto controller = hierarchy ? hierarchy->controller : std::string{};
  const auto processes = read_processes(config.host_root, controller);
  process_owners owners{containers, all_of_them};
  const process_groups groups{processes.processes, owners};
  std::vector<inspection> found;
  for (const auto& row : find_containers(request, streams, rows_with(containers, groups), groups)) {
    found.push_back(inspect_container(row, groups, config.host_root, controller));
    found.back().environment = request.environment;
    for (const auto& note : found.back().notes)
      complain(streams, note);
  }
  if (found.empty())
    return exit_error;
  const auto text = render_inspections(found, request.output, terminal_width(streams.out));
  if (write_all(streams.out, text) == write_result::failed) {
    complain(streams, "cannot write to stdout");
    return exit_error;
  }
  return found.size() < request.targets.size() ? exit_error : exit_done;
}

} // namespace

int run_inspect_command(const inspect_request& request, const output_streams& streams) {
  set_up_log(request.config, "error");
  auto config = request.config.agent;
  config.details = true;
  config.services = true;
  if (request.timeout)
    config.runtime_timeout = std::min(config.runtime_timeout, *request.timeout);
  std::optional<end_by_force> bound;
  asked_runtimes asked{config};
  const int code = inspect(request, streams, all_containers(asked, config, streams));
  bound.emplace(end_timeout, code);
  return code;
}

} // namespace troupe
