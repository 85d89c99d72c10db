// SPDX-License-Identifier: Apache-2.0
#include "actors/console/inspect_target.hpp"

#include "actors/console/container_listing.hpp"
#include "actors/console/escape.hpp"
#include "actors/console/selector.hpp"
#include "actors/console/setting_values.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace troupe {

namespace {

constexpr size_t named_max = 8; ///< of the many that one word may mean

bool is_older(const list_row& a, const list_row& b) {
  const bool a_runs = is_shown_by_default(a.metadata.state);
  const bool b_runs = is_shown_by_default(b.metadata.state);
  return std::pair{a_runs, a.metadata.created_ns} < std::pair{b_runs, b.metadata.created_ns};
}

std::string name_of(const list_row& row) {
  return fmt::format("{} ({} {})", escape_for_terminal(row.identity.container_id),
                     to_string(row.metadata.runtime),
                     escape_for_terminal(row.metadata.id.substr(0, 12)));
}

std::string describe_several(const std::string& target, const std::vector<list_row>& found) {
  std::vector<std::string> names;
  for (const auto& row : found)
    if (names.size() < named_max)
      names.push_back(name_of(row));
  if (found.size() > names.size())
    names.push_back(fmt::format("and {} more", found.size() - names.size()));
  return fmt::format("'{}' is {} containers: {}; choose with its path, its id or -r",
                     escape_for_terminal(target), found.size(), fmt::join(names, ", "));
}

/// The container of a process; with an error where it is in none.
std::optional<list_row> find_by_pid(uint64_t pid, const process_groups& groups) {
  for (const auto& group : groups.all())
    for (const auto& process : group.processes)
      if (process.id.pid == pid && !is_hidden(group.container.metadata))
        return group.container;
  return {};
}

bool is_among(const list_row& row, const std::vector<list_row>& rows) {
  return std::any_of(rows.begin(), rows.end(), [&](const list_row& x) {
    return is_same_container(x.metadata, row.metadata);
  });
}

} // namespace

std::optional<list_row> find_target(const std::string& target, const std::vector<list_row>& rows,
                                    const process_groups& groups, std::string& error) {
  std::vector<list_row> found;
  for (const auto& row : rows)
    if (names_container(target, scope_of(row.identity, row.metadata)))
      found.push_back(row);
  const auto is_exact = [&](const list_row& row) {
    return row.identity.container_id == target;
  };
  if (std::any_of(found.begin(), found.end(), is_exact)) // "/lxc/a" is meant, not "/lxc/a/b".
    std::erase_if(found, [&](const list_row& row) { return !is_exact(row); });
  const bool one_name = std::all_of(found.begin(), found.end(), [&](const list_row& row) {
    return row.identity.container_id == found.front().identity.container_id
           && row.metadata.runtime == found.front().metadata.runtime;
  });
  if (!found.empty() && one_name)
    return *std::max_element(found.begin(), found.end(), is_older);
  if (!found.empty()) {
    error = describe_several(target, found);
    return {};
  }
  if (const auto pid = parse_number(target)) {
    if (auto row = find_by_pid(*pid, groups); row && is_among(*row, rows))
      return row;
    error = fmt::format("no container has a process {}, and none is named so", *pid);
    return {};
  }
  std::vector<container_scope> present;
  for (const auto& row : rows)
    present.push_back(scope_of(row.identity, row.metadata));
  selector wanted;
  wanted.containers = {target};
  const auto lines = explain_missing(wanted, present);
  // "!x" is an exclusion to a selector.
  error = lines.empty() || target.empty()
              ? fmt::format("'{}' names no container", escape_for_terminal(target))
              : lines.front();
  return {};
}

} // namespace troupe
