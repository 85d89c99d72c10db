// SPDX-License-Identifier: Apache-2.0
#include "actors/runtime_metadata/systemd_unit.hpp"

#include "actors/runtime_metadata/metadata_bounds.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

namespace troupe {

namespace {

using type = unit_property_type;

constexpr size_t history_units_max = 4096;
constexpr size_t unit_name_bytes_max = 255; // UNIT_NAME_MAX

constexpr std::array<std::pair<std::string_view, type>, 26> wanted{{
    {"Id", type::text},
    {"Description", type::text},
    {"FragmentPath", type::text},
    {"ActiveState", type::text},
    {"SubState", type::text},
    {"FreezerState", type::text},
    {"Result", type::text},
    {"Type", type::text},
    {"Restart", type::text},
    {"ControlGroup", type::text},
    {"User", type::text},
    {"WorkingDirectory", type::text},
    {"TriggeredBy", type::list},
    {"Environment", type::list},
    {"ExecStart", type::command},
    {"MainPID", type::number},
    {"NRestarts", type::number},
    {"ExecMainCode", type::number},
    {"ExecMainStatus", type::number},
    {"ExecMainStartTimestamp", type::number},
    {"ExecMainExitTimestamp", type::number},
    {"MemoryMax", type::number},
    {"CPUQuotaPerSecUSec", type::number},
    {"TasksMax", type::number},
    {"CPUShares", type::number},
    {"ActiveEnterTimestamp", type::number},
}};

// Of siginfo_t: how the main process ended.
constexpr uint64_t cld_exited = 1;
constexpr uint64_t cld_killed = 2;
constexpr uint64_t cld_dumped = 3;

std::string text(const unit_properties& unit, std::string_view name) {
  const auto i = unit.texts.find(name);
  return i == unit.texts.end() ? std::string{} : i->second;
}

uint64_t number(const unit_properties& unit, std::string_view name) {
  const auto i = unit.numbers.find(name);
  return i == unit.numbers.end() ? 0 : i->second;
}

/// systemd's "infinity" is all ones.
uint64_t limit(const unit_properties& unit, std::string_view name) {
  const auto value = number(unit, name);
  return value == std::numeric_limits<uint64_t>::max() ? 0 : value;
}

std::vector<std::string> list(const unit_properties& unit, std::string_view name) {
  const auto i = unit.lists.find(name);
  return i == unit.lists.end() ? std::vector<std::string>{} : i->second;
}

/// Unix time in microseconds; 0 and "infinity" are never.
int64_t time_ns(const unit_properties& unit, std::string_view name) {
  const auto us = number(unit, name);
  constexpr auto most = static_cast<uint64_t>(std::numeric_limits<int64_t>::max()) / 1000;
  return us > most ? 0 : static_cast<int64_t>(us * 1000);
}

container_state state_of(const unit_properties& unit) {
  const auto active = text(unit, "ActiveState");
  const bool runs = number(unit, "MainPID") != 0;
  if (text(unit, "FreezerState") == "frozen")
    return container_state::paused;
  if (runs || active == "reloading" || active == "deactivating"
      || (active == "active" && text(unit, "SubState") != "exited"))
    return container_state::running;
  if (active.empty())
    return container_state::unknown;
  return time_ns(unit, "ExecMainStartTimestamp") == 0 ? container_state::created
                                                      : container_state::exited;
}

std::optional<int> exit_code_of(const unit_properties& unit) {
  const auto status = number(unit, "ExecMainStatus");
  if (number(unit, "MainPID") != 0 || status > 255)
    return {};
  switch (number(unit, "ExecMainCode")) {
    case cld_exited:
      return static_cast<int>(status);
    case cld_killed:
    case cld_dumped:
      return 128 + static_cast<int>(status);
    default:
      return {};
  }
}

/// A timer, socket or path that starts the unit when it is time.
std::string trigger_of(const unit_properties& unit) {
  auto names = list(unit, "TriggeredBy");
  std::sort(names.begin(), names.end());
  for (const std::string_view suffix : {".timer", ".socket", ".path", ".automount"})
    for (auto& name : names)
      if (name.ends_with(suffix))
        return std::move(name);
  return {};
}

std::shared_ptr<const container_details> details_of(const unit_properties& unit) {
  auto result = std::make_shared<container_details>();
  result->command = list(unit, "ExecStart");
  result->user = text(unit, "User");
  result->working_dir = text(unit, "WorkingDirectory");
  result->environment = list(unit, "Environment");
  result->cgroup_path = text(unit, "ControlGroup");
  result->limits.memory_bytes = limit(unit, "MemoryMax");
  result->limits.cpu_millicores = limit(unit, "CPUQuotaPerSecUSec") / 1000;
  result->limits.cpu_shares = limit(unit, "CPUShares");
  result->limits.pids = limit(unit, "TasksMax");
  if (auto policy = text(unit, "Restart"); policy != "no")
    result->restart_policy = std::move(policy);
  for (const auto* name : {"Description", "FragmentPath"})
    if (auto value = text(unit, name); !value.empty())
      result->annotations.emplace(name, std::move(value));
  bound(*result);
  return result;
}

bool lives(const container_metadata& x) {
  return x.state == container_state::running || x.state == container_state::paused;
}

runtime_event make_event(runtime_event_kind kind, container_metadata metadata, int64_t at_ns) {
  runtime_event event;
  event.kind = kind;
  event.metadata = std::move(metadata);
  event.named = true;
  event.time_ns = at_ns;
  return event;
}

} // namespace

unit_property_type type_of_unit_property(std::string_view name) {
  const auto* found =
      std::find_if(wanted.begin(), wanted.end(), [&](const auto& x) { return x.first == name; });
  return found == wanted.end() ? type::unwanted : found->second;
}

std::string unit_of_container_id(std::string_view id) {
  const auto name = id.substr(id.rfind('/') + 1); // npos + 1 is 0
  const bool service = name.ends_with(".service") && name != ".service";
  return service && name.size() <= unit_name_bytes_max ? std::string{name} : std::string{};
}

bool is_unit_container(std::string_view control_group) {
  const auto unit = unit_of_container_id(control_group);
  return control_group.starts_with('/') && !unit.empty() && !unit.starts_with("systemd-nspawn@")
         && !control_group.starts_with("/user.slice/");
}

container_metadata metadata_of_unit(const unit_properties& unit, std::string id) {
  container_metadata result;
  result.runtime = runtime_kind::systemd;
  result.id = std::move(id);
  result.name = text(unit, "Id");
  result.state = state_of(unit);
  result.pid = static_cast<uint32_t>(number(unit, "MainPID"));
  result.started_ns = time_ns(unit, "ExecMainStartTimestamp");
  if (!lives(result))
    result.finished_ns = time_ns(unit, "ExecMainExitTimestamp");
  result.exit_code = exit_code_of(unit);
  result.oom_killed = text(unit, "Result") == "oom-kill";
  result.restarts = static_cast<uint32_t>(number(unit, "NRestarts"));
  result.systemd_type = text(unit, "Type");
  result.systemd_triggered_by = trigger_of(unit);
  result.details = details_of(unit);
  bound(result);
  return result;
}

std::string unit_history::id_of(const std::string& unit) const {
  const auto found = known_.find(unit);
  return found == known_.end() ? std::string{} : found->second.id;
}

std::optional<runtime_event> unit_history::changed(const std::string& unit,
                                                   container_metadata now) {
  const auto found = known_.find(unit);
  const bool is_new = found == known_.end();
  const auto before = is_new ? container_metadata{} : found->second;
  if (!is_new && before == now)
    return {};
  if (!is_new)
    found->second = now;
  else if (known_.size() < history_units_max)
    known_.emplace(unit, now);

  const bool other_process = !is_new && before.pid != now.pid;
  if (lives(now) && now.pid != 0
      && (is_new ? now.started_ns >= begun_ns_ : !lives(before) || other_process))
    return make_event(runtime_event_kind::started, now, now.started_ns);
  if (!is_new && lives(before) && !lives(now))
    return make_event(runtime_event_kind::exited, now, now.finished_ns);
  if (!is_new && before.state != now.state && now.state == container_state::paused)
    return make_event(runtime_event_kind::paused, now, 0);
  if (before.state == container_state::paused && now.state == container_state::running)
    return make_event(runtime_event_kind::resumed, now, 0);
  return make_event(runtime_event_kind::updated, now, 0);
}

std::optional<runtime_event> unit_history::removed(const std::string& unit) {
  const auto found = known_.find(unit);
  if (found == known_.end())
    return {};
  auto last = std::move(found->second);
  known_.erase(found);
  return make_event(runtime_event_kind::removed, std::move(last), 0);
}

} // namespace troupe
