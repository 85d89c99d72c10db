// SPDX-License-Identifier: Apache-2.0
#include "actors/container/process_table.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace troupe {

namespace {

comm_text to_comm(const char (&raw)[EVENT_COMM_SIZE]) {
  comm_text result;
  std::memcpy(result.data(), raw, sizeof(raw));
  return result;
}

} // namespace

std::string_view to_view(const comm_text& comm) {
  const auto* end = std::find(comm.data(), comm.data() + comm.size(), '\0');
  return {comm.data(), static_cast<size_t>(end - comm.data())};
}

const process* process_table::find(const process_id& id) const {
  const auto i = live_.find(id.pid);
  return i != live_.end() && i->second.id == id ? &i->second : nullptr;
}

bool process_table::has_ended(const process_id& id) const {
  return std::any_of(ended_.begin(), ended_.end(),
                     [&id](const ended_process& x) { return x.id == id; });
}

void process_table::make_room() {
  if (live_.size() < processes_max)
    return;
  live_.erase(std::min_element(live_.begin(), live_.end(), [](const auto& a, const auto& b) {
    return a.second.id.start_boottime_ns < b.second.id.start_boottime_ns;
  }));
}

/// The process under this id, made when it is new. A pid that was given out again belongs to the
/// later process: the end of the earlier one was lost. Null for a process that is over.
process* process_table::add(const process_id& id, const char (&comm)[EVENT_COMM_SIZE]) {
  auto i = live_.find(id.pid);
  if (i != live_.end() && i->second.id == id) {
    i->second.comm = to_comm(comm);
    return &i->second;
  }
  if (has_ended(id))
    return nullptr;
  if (i != live_.end()) {
    if (i->second.id.start_boottime_ns > id.start_boottime_ns)
      return nullptr;
    return &(i->second = process{id, to_comm(comm), false});
  }
  make_room();
  return &(live_[id.pid] = process{id, to_comm(comm), false});
}

void process_table::forked(const process_forked& record) {
  const auto* parent = find({record.parent_pid, record.parent_start_boottime_ns});
  const bool setup = parent != nullptr && parent->setup;
  // The child may have executed something already, if the records changed places.
  if (find(id_of(record.header)) != nullptr)
    return;
  if (auto* child = add(id_of(record.header), record.comm))
    child->setup = setup;
}

void process_table::executed(const process_executed& record) {
  if (auto* x = add(id_of(record.header), record.comm))
    x->setup = false;
}

void process_table::moved(const process_moved& record) {
  // Within one container (into a nested cgroup) a move changes nothing.
  const bool known = find(id_of(record.header)) != nullptr;
  if (auto* x = add(id_of(record.header), record.comm); x != nullptr && !known)
    x->setup = true;
}

void process_table::found(const process_found& record) {
  add(id_of(record.header), record.comm);
}

void process_table::remember_end(const ended_process& ended) {
  ended_.push_back(ended);
  if (ended_.size() > ended_max)
    ended_.pop_front();
}

process_end process_table::exited(const process_exited& record) {
  const auto id = id_of(record.header);
  process_end result;
  if (const auto* x = find(id)) {
    result.setup = x->setup;
    live_.erase(id.pid);
  } else if (has_ended(id)) {
    result.repeated = true;
    return result;
  }
  remember_end({id, to_comm(record.comm)});
  return result;
}

std::string_view process_table::comm_of(const process_id& id) const {
  if (const auto* x = find(id))
    return to_view(x->comm);
  for (const auto& x : ended_)
    if (x.id == id)
      return to_view(x.comm);
  return {};
}

size_t process_table::count() const {
  return static_cast<size_t>(
      std::count_if(live_.begin(), live_.end(), [](const auto& x) { return !x.second.setup; }));
}

void process_table::absorb(process_table&& other) {
  for (const auto& [pid, theirs] : other.live_) {
    const auto mine = live_.find(pid);
    const bool later =
        mine != live_.end() && mine->second.id.start_boottime_ns >= theirs.id.start_boottime_ns;
    if (later || has_ended(theirs.id))
      continue;
    make_room();
    live_[pid] = theirs;
  }
  for (const auto& x : other.ended_)
    if (!has_ended(x.id))
      remember_end(x);
  other = process_table{};
}

} // namespace troupe
