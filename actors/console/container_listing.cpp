// SPDX-License-Identifier: Apache-2.0
#include "actors/console/container_listing.hpp"

#include "actors/console/escape.hpp"
#include "actors/registry/container_id.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace troupe {

namespace {

bool is_shown_by_default(container_state state) {
  return state != container_state::created && state != container_state::exited;
}

bool runs_in(const list_row& row, const selector& scope, const std::vector<std::string>& pid_ids) {
  if (scope.pids.empty())
    return true;
  const bool named = std::find(pid_ids.begin(), pid_ids.end(), row.metadata.id) != pid_ids.end();
  return named || (row.metadata.pid != 0 && scope.matches_pid(row.metadata.pid));
}

bool was_asked_for(const runtime_endpoint& endpoint, const settings& config) {
  const auto& sockets =
      endpoint.kind == runtime_kind::docker ? config.docker_sockets : config.containerd_sockets;
  return !sockets.empty();
}

} // namespace

std::vector<list_row> rows_of(const runtime_listing& listing) {
  std::vector<list_row> rows;
  for (const auto& metadata : listing.containers) {
    if (metadata.sandbox)
      continue;
    cgroup_identity cgroup;
    cgroup.kind = cgroup_kind::container;
    cgroup.runtime = metadata.runtime;
    cgroup.id = metadata.id;
    rows.push_back({identify(cgroup, metadata), metadata});
  }
  std::stable_sort(rows.begin(), rows.end(), [](const list_row& a, const list_row& b) {
    return a.identity.container_id < b.identity.container_id;
  });
  return rows;
}

std::vector<list_row> rows_in_scope(const std::vector<list_row>& rows, const selector& scope,
                                    bool all, const std::vector<std::string>& pid_ids) {
  std::vector<list_row> result;
  for (const auto& row : rows)
    if ((all || is_shown_by_default(row.metadata.state))
        && scope.matches(scope_of(row.identity, row.metadata)) && runs_in(row, scope, pid_ids))
      result.push_back(row);
  return result;
}

std::vector<std::string> describe_silent(const std::vector<runtime_status>& endpoints,
                                         const settings& config) {
  std::vector<std::string> lines;
  for (const auto& x : endpoints) {
    if (x.answering || (!x.present && !was_asked_for(x.endpoint, config)))
      continue;
    auto line = x.message.empty() ? fmt::format("{} at {} does not answer",
                                                to_string(x.endpoint.kind), x.endpoint.socket)
                                  : x.message;
    lines.push_back(escape_for_terminal(line));
  }
  return lines;
}

bool any_answered(const std::vector<runtime_status>& endpoints) {
  return std::any_of(endpoints.begin(), endpoints.end(),
                     [](const runtime_status& x) { return x.answering; });
}

std::vector<list_row> keep_silent(std::vector<list_row> now, const std::vector<list_row>& before,
                                  const std::vector<runtime_status>& endpoints) {
  const auto is_silent = [&](runtime_kind kind) {
    return std::any_of(endpoints.begin(), endpoints.end(), [kind](const runtime_status& x) {
      return x.endpoint.kind == kind && !x.answering && x.present;
    });
  };
  const auto is_listed = [&](const list_row& row) {
    return std::any_of(now.begin(), now.end(),
                       [&](const list_row& x) { return x.metadata.id == row.metadata.id; });
  };
  std::vector<list_row> kept;
  for (const auto& row : before)
    if (is_silent(row.metadata.runtime) && !is_listed(row))
      kept.push_back(row);
  now.insert(now.end(), kept.begin(), kept.end());
  return now;
}

} // namespace troupe
