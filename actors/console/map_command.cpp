// SPDX-License-Identifier: Apache-2.0
// Uses CAF: the command starts the actors.

#include "actors/console/factories.hpp"
#include "actors/console/log_setup.hpp"
#include "actors/console/look_run.hpp"
#include "actors/console/machine_check.hpp"
#include "actors/console/real_commands.hpp"
#include "actors/console/time_format.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <set>
#include <utility>

namespace troupe {

namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::steady_clock;

constexpr milliseconds end_timeout{1'200};

/// Those with an end in scope.
std::vector<graph_edge> edges_in_scope(const std::vector<container_snapshot_ptr>& snapshots,
                                       const selector& scope) {
  auto edges = edges_of(match_flows(snapshots), find_names(snapshots));
  if (scope.matches_all())
    return edges;
  std::set<std::string_view> wanted;
  for (const auto& x : snapshots)
    if (x->exported && scope.matches(scope_of(x->identity, x->metadata)))
      wanted.insert(x->identity.container_id);
  const auto is_wanted = [&](const graph_node& node) {
    return node.is == graph_node::kind::container && wanted.contains(node.name);
  };
  std::erase_if(edges,
                [&](const graph_edge& x) { return !is_wanted(x.client) && !is_wanted(x.server); });
  return edges;
}

std::string document_of(const flow_map& map, const map_request& request, int out) {
  switch (request.format) {
    case map_format::dot:
      return map_dot(map);
    case map_format::json:
      return map_json(map);
    case map_format::text:
      break;
  }
  return map_text(map, terminal_width(out), request.headers);
}

int print(const flow_map& map, const map_request& request, const output_streams& streams) {
  if (write_all(streams.out, document_of(map, request, streams.out)) != write_result::failed)
    return exit_done;
  say(streams.err, fmt::format("troupe map: cannot write to stdout: {}", std::strerror(errno)));
  return exit_error;
}

int look(const map_request& request, const output_streams& streams, const stop_signals& stop,
         look_run& run) {
  if (const auto code = run.start())
    return *code;
  const auto begin = steady_clock::now();
  const auto how = request.duration ? fmt::format(
                       " for {}; Ctrl-C ends it earlier",
                       duration_text(static_cast<uint64_t>(nanoseconds{*request.duration}.count())))
                                    : std::string{" until Ctrl-C"};
  auto cause = stop_signals::cause::signal;
  if (run.introduce(how))
    cause = stop.wait(request.duration ? std::optional{steady_clock::now() + *request.duration}
                                       : std::nullopt);
  const auto end = steady_clock::now();
  if (cause != stop_signals::cause::woken)
    run.settle();
  const auto snapshots = run.snapshots();
  const auto code = run.finish(request.allow_loss);
  if (cause == stop_signals::cause::woken)
    return code; // It failed, or nobody reads any more.
  flow_map map;
  map.unix_time_ns = unix_now_ns();
  map.looked_ns = static_cast<uint64_t>(nanoseconds{end - begin}.count());
  map.edges = edges_in_scope(snapshots, request.scope);
  const auto printed = print(map, request, streams);
  return printed == exit_done ? code : printed;
}

} // namespace

int run_map_command(const map_request& request, const output_streams& streams) {
  set_up_log(request.config, "warn");
  const auto config = look_settings(request.config.agent, request.l7);
  const auto machine = check_machine(config);
  if (const auto obstacle = describe_obstacle(machine); !obstacle.empty()) {
    say(streams.err, fmt::format("troupe map: {}", obstacle));
    return exit_unsupported;
  }
  stop_signals stop;
  stop.watch_reader(streams.out);
  std::optional<end_by_force> bound;
  look_run run{"map", streams, stop, request.scope, make_factories(config, *machine.hierarchy)};
  const int code = look(request, streams, stop, run);
  bound.emplace(end_timeout, code);
  return code;
}

} // namespace troupe
