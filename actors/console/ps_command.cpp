// SPDX-License-Identifier: Apache-2.0
// Uses CAF: the command asks an actor.

#include "actors/console/asked_runtimes.hpp"
#include "actors/console/container_listing.hpp"
#include "actors/console/log_setup.hpp"
#include "actors/console/process_fields.hpp"
#include "actors/console/process_owners.hpp"
#include "actors/console/real_commands.hpp"
#include "actors/console/stop_signals.hpp"
#include "actors/host/cgroup_hierarchy.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace troupe {

namespace {

constexpr std::chrono::milliseconds end_timeout{2'000};

void complain(const output_streams& streams, const std::vector<std::string>& lines) {
  complaints{streams.err, "ps"}.say_new(lines);
}

/// What the runtimes say. Without them processes are shown all the same, under what their cgroups
/// say.
runtime_listing ask(asked_runtimes& asked, const settings& config, const output_streams& streams) {
  std::string error;
  auto listing = asked.list(error);
  if (!listing) {
    complain(streams, {"the runtimes did not answer: " + error});
    return {};
  }
  complain(streams, describe_silent(listing->endpoints, config));
  return std::move(*listing);
}

bool is_shown(const process_row& x, const ps_request& request) {
  if (!request.scope.matches_pid(x.process.id.pid))
    return false;
  if (x.container == nullptr)
    return request.all && request.scope.matches(container_scope{});
  return (request.all || !is_hidden(x.container->metadata))
         && request.scope.matches(scope_of(x.container->identity, x.container->metadata));
}

/// Why nothing is shown although something was asked for.
std::vector<std::string> explain_nothing(const ps_request& request, const runtime_listing& listing,
                                         const std::vector<process_row>& all) {
  const auto rows = rows_of(listing);
  std::vector<container_scope> present;
  for (const auto& row : rows)
    present.push_back(scope_of(row.identity, row.metadata));
  for (const auto& x : all)
    if (x.container != nullptr)
      present.push_back(scope_of(x.container->identity, x.container->metadata));
  auto lines = explain_missing(request.scope, present);
  if (lines.empty())
    lines.push_back(fmt::format("no process of a container matches {}{}", request.scope.text(),
                                request.all ? "" : "; --all shows those of no container, too"));
  return lines;
}

int show_processes(const ps_request& request, const output_streams& streams,
                   const runtime_listing& listing) {
  const auto& config = request.config.agent;
  const auto hierarchy = find_cgroup_hierarchy(config.host_root, config.cgroup_root);
  if (!hierarchy) {
    complain(streams, {"no cgroup hierarchy is mounted; 'troupe doctor' says more"});
    return exit_unsupported;
  }
  const auto choice = choice_of(request.scope, request.services || request.all);
  process_owners owners{listing.containers, choice};
  auto processes = read_processes(config.host_root, hierarchy->controller);
  if (!processes.complete)
    complain(streams, {"not all processes could be read"});
  std::vector<process_row> all;
  for (auto& process : processes.processes) {
    const auto* owner = owners.find(process);
    all.push_back({owner, std::move(process)});
  }
  std::vector<process_row> rows;
  std::copy_if(all.begin(), all.end(), std::back_inserter(rows),
               [&](const process_row& x) { return is_shown(x, request); });
  if (rows.empty() && !request.scope.matches_all()) {
    complain(streams, explain_nothing(request, listing, all));
    return exit_error;
  }
  sort_by_container(rows);
  const auto text = render_processes(rows, request.output, terminal_width(streams.out));
  if (write_all(streams.out, text) != write_result::failed)
    return exit_done;
  complain(streams, {"cannot write to stdout"});
  return exit_error;
}

} // namespace

int run_ps_command(const ps_request& request, const output_streams& streams) {
  set_up_log(request.config, "error");
  auto config = request.config.agent;
  // systemd is asked where its units are shown.
  config.services = choice_of(request.scope, request.services || request.all).services;
  if (request.timeout)
    config.runtime_timeout = std::min(config.runtime_timeout, *request.timeout);
  std::optional<end_by_force> bound;
  asked_runtimes asked{config};
  const int code = show_processes(request, streams, ask(asked, config, streams));
  bound.emplace(end_timeout, code);
  return code;
}

} // namespace troupe
