// SPDX-License-Identifier: Apache-2.0
#include "actors/console/life_feed.hpp"

#include "actors/console/container_listing.hpp"

#include <algorithm>
#include <utility>

namespace troupe {

namespace {

std::string joined(const std::vector<std::string>& argv) {
  std::string result;
  for (const auto& argument : argv) {
    result += result.empty() ? "" : " ";
    result += argument;
  }
  return result;
}

/// Where both sources can tell the same, they tell it by the same name.
std::string_view event_name(runtime_event_kind kind) {
  switch (kind) {
    case runtime_event_kind::oom_killed:
      return "oom";
    case runtime_event_kind::exec_started:
      return "exec";
    default:
      return to_string(kind);
  }
}

bool is_of_exec(runtime_event_kind kind) {
  return kind == runtime_event_kind::exec_started || kind == runtime_event_kind::exec_exited;
}

life_row row_of(const container_change& change) {
  life_row row;
  row.source = life_source::runtime;
  row.event = event_name(change.kind);
  row.known_ns = change.heard_ns;
  row.time_ns = change.time_ns != 0 ? change.time_ns : change.heard_ns;
  row.pid = is_of_exec(change.kind) ? change.exec.pid : change.metadata.pid;
  if (is_of_exec(change.kind)) {
    row.command = change.exec.command;
    row.exit_code = change.exec.exit_code;
  } else if (change.kind == runtime_event_kind::exited) {
    row.exit_code = change.metadata.exit_code;
    row.oom = change.metadata.oom_killed;
  } else if (change.kind == runtime_event_kind::started && change.metadata.details) {
    row.argv = change.metadata.details->command;
    row.command = joined(row.argv);
  }
  row.metadata = change.metadata;
  row.identity = row_of(change.metadata).identity;
  return row;
}

life_row row_of(const trace_batch& batch, const trace_event& event, const life_trace& life,
                int64_t boot_to_unix_ns) {
  life_row row;
  row.source = life_source::kernel;
  row.event = to_string(life.action);
  row.time_ns = row.known_ns = static_cast<int64_t>(event.time_ns) + boot_to_unix_ns;
  row.pid = event.process.pid;
  row.comm = event.comm;
  row.argv = life.argv;
  row.command = joined(life.argv);
  if (life.action == life_action::exited || life.action == life_action::exec_exited
      || life.action == life_action::oom) {
    row.exit_code = life.exit_code;
    row.signal = life.signal;
    row.oom = life.oom;
    row.duration_ns = life.duration_ns;
  }
  row.identity = batch.identity;
  row.metadata.runtime = batch.runtime;
  row.metadata.id = batch.runtime_id;
  row.metadata.labels = batch.labels;
  return row;
}

} // namespace

life_feed::key life_feed::key_of(const container_metadata& metadata) {
  return {std::string{to_string(metadata.runtime)}, metadata.name_space, metadata.id};
}

const container_metadata* life_feed::known(const trace_batch& batch) const {
  const auto found = known_.find(batch.identity.container_id);
  return found != known_.end() && found->second.id == batch.runtime_id ? &found->second : nullptr;
}

bool life_feed::shows(const trace_batch& batch) const {
  const auto* metadata = known(batch);
  return choice_.scope.matches(metadata != nullptr ? scope_of(batch.identity, *metadata)
                                                   : scope_of(batch));
}

/// With the delay, unless nobody wants to see it.
void life_feed::show(life_row row, std::vector<life_row>& rows) {
  row.delay_ns = pairs_.match(row.identity.container_id + "\n" + row.metadata.id, row);
  const auto& events = choice_.events;
  const bool wanted =
      events.empty() || std::find(events.begin(), events.end(), row.event) != events.end();
  const bool of_pid = !choice_.scope.pids.empty() && choice_.scope.matches_pid(row.pid)
                      && choice_.scope.matches(scope_of(row.identity, row.metadata));
  if (wanted
      && (of_pid || is_in_scope({row.identity, row.metadata}, choice_.scope, choice_.pid_ids)))
    rows.push_back(std::move(row));
  else
    ++filtered_;
}

std::vector<life_row> life_feed::take(const trace_batch& batch, int64_t boot_to_unix_ns) {
  std::vector<life_row> rows;
  const auto* metadata = known(batch);
  for (const auto& event : batch.events) {
    const auto* life = std::get_if<life_trace>(&event.detail);
    if (life == nullptr)
      continue;
    auto row = row_of(batch, event, *life, boot_to_unix_ns);
    if (metadata != nullptr)
      row.metadata = *metadata;
    show(std::move(row), rows);
  }
  return rows;
}

void life_feed::remember(const container_change& change) {
  const auto id = row_of(change.metadata).identity.container_id;
  known_.insert_or_assign(id, change.metadata);
  if (change.kind != runtime_event_kind::removed)
    return;
  removed_.push_back(id);
  if (removed_.size() <= removed_max)
    return;
  // Unless there is another one of its name by now.
  if (const auto x = known_.find(removed_.front());
      x != known_.end() && x->second.state == container_state::exited)
    known_.erase(x);
  removed_.pop_front();
}

/// The events happened to the container before it was known by this name.
void life_feed::release(std::vector<life_row> held, const container_metadata& named,
                        std::vector<life_row>& rows) {
  if (is_hidden(named))
    return;
  for (auto& row : held) {
    row.metadata = named;
    row.identity = row_of(named).identity;
    show(std::move(row), rows);
  }
}

std::vector<life_row> life_feed::take(const container_change& change, time_point now) {
  std::vector<life_row> rows;
  const auto held = held_.find(key_of(change.metadata));
  if (!change.named) {
    if (change.kind == runtime_event_kind::listed)
      return rows;
    auto& waiting = held != held_.end() ? held->second : held_[key_of(change.metadata)];
    if (waiting.rows.empty())
      waiting.since = now;
    waiting.rows.push_back(row_of(change));
    return rows;
  }
  if (held != held_.end())
    release(std::move(held_.extract(held).mapped().rows), change.metadata, rows);
  if (is_hidden(change.metadata))
    return rows;
  remember(change);
  if (change.kind != runtime_event_kind::listed)
    show(row_of(change), rows);
  return rows;
}

std::vector<life_row> life_feed::take_overdue(time_point now) {
  std::vector<life_row> rows;
  for (auto x = held_.begin(); x != held_.end();) {
    if (now - x->second.since < patience) {
      ++x;
      continue;
    }
    auto waiting = std::move(x->second.rows);
    x = held_.erase(x);
    const auto last = waiting.back().metadata;
    release(std::move(waiting), last, rows);
  }
  return rows;
}

} // namespace troupe
