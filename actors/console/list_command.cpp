// SPDX-License-Identifier: Apache-2.0
// Uses CAF: the command asks an actor.

#include "actors/console/asked_runtimes.hpp"
#include "actors/console/container_listing.hpp"
#include "actors/console/list_watch.hpp"
#include "actors/console/log_setup.hpp"
#include "actors/console/real_commands.hpp"
#include "actors/console/stop_signals.hpp"
#include "actors/console/table.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace troupe {

namespace {

constexpr std::chrono::milliseconds end_timeout{2'000};

std::vector<container_scope> scopes_of(const std::vector<list_row>& rows) {
  std::vector<container_scope> scopes;
  for (const auto& row : rows)
    scopes.push_back(scope_of(row.identity, row.metadata));
  return scopes;
}

/// Why nothing is shown although something was asked for by name.
std::vector<std::string> explain_nothing(const list_request& request,
                                         const std::vector<list_row>& rows) {
  auto lines = explain_missing(request.scope, scopes_of(rows));
  if (lines.empty() && !request.scope.matches_all()) {
    const bool hidden =
        !request.all
        && !rows_in_scope(rows, request.scope, true,
                          ids_of_pids(request.scope, request.config.agent.host_root))
                .empty();
    lines.push_back(fmt::format("no {} container matches {}; {}", hidden ? "running" : "known",
                                request.scope.text(),
                                hidden ? "--all shows those that were created or have exited"
                                       : "'troupe list --all' shows all"));
  }
  return lines;
}

int end_of(write_result result, const output_streams& streams) {
  if (result == write_result::failed)
    say(streams.err, "troupe list: cannot write to stdout");
  return result == write_result::failed ? exit_error : exit_done;
}

int list_once(const list_request& request, const output_streams& streams, asked_runtimes& asked) {
  std::string error;
  auto listing = asked.list(error);
  if (!listing) {
    say(streams.err, "troupe list: the runtimes did not answer: " + error);
    return exit_error;
  }
  const auto& config = request.config.agent;
  complaints{streams.err, "list"}.say_new(describe_silent(listing->endpoints, config));
  add_unknown(listing->containers, cgroup_containers(config.host_root, config.cgroup_root,
                                                     choice_of(request.scope, request.services)));
  for (auto& x : listing->containers)
    add_start_time(x, config.host_root);
  const auto rows = rows_of(*listing);
  if (rows.empty() && !any_answered(listing->endpoints)) {
    say(streams.err, "troupe list: no container runtime answers; 'troupe doctor' says more");
    return exit_error;
  }
  const auto shown =
      rows_in_scope(rows, request.scope, request.all, ids_of_pids(request.scope, config.host_root));
  if (shown.empty() && !request.scope.matches_all()) {
    complaints{streams.err, "list"}.say_new(explain_nothing(request, rows));
    return exit_error;
  }
  const auto text = render_list(shown, request.output, terminal_width(streams.out));
  return end_of(write_all(streams.out, text), streams);
}

} // namespace

int run_list_command(const list_request& request, const output_streams& streams) {
  set_up_log(request.config, "error");
  auto config = request.config.agent;
  // systemd is asked where its units are shown. A watch knows them by their cgroups.
  config.services = !request.watch && choice_of(request.scope, request.services).services;
  if (request.timeout && !request.watch)
    config.runtime_timeout = std::min(config.runtime_timeout, *request.timeout);
  stop_signals stop;
  stop.watch_reader(streams.out);
  std::optional<end_by_force> bound;
  asked_runtimes asked{config};
  const int code = request.watch ? watch_containers(request, streams, asked, stop)
                                 : list_once(request, streams, asked);
  bound.emplace(end_timeout, code);
  return code;
}

} // namespace troupe
