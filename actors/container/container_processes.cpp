// SPDX-License-Identifier: Apache-2.0
#include "actors/container/container_processes.hpp"

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

/// The argument that `argv` begins with; takes it and its NUL off.
std::string_view take_argument(std::string_view& argv) {
  const auto argument = argv.substr(0, argv.find('\0'));
  argv.remove_prefix(std::min(argv.size(), argument.size() + 1));
  return argument;
}

/// What runc calls its own stages, whatever path it was started under.
bool is_runc_stage(std::string_view argv) {
  auto program = take_argument(argv);
  program.remove_prefix(program.rfind('/') + 1); // npos + 1 is 0: all of it.
  return program == "runc" && take_argument(argv) == "init" && argv.empty();
}

} // namespace

std::string_view to_view(const comm_text& comm) {
  const auto* end = std::find(comm.data(), comm.data() + comm.size(), '\0');
  return {comm.data(), static_cast<size_t>(end - comm.data())};
}

const container_process* container_processes::find(const process_id& id) const {
  const auto i = live_.find(id.pid);
  return i != live_.end() && i->second.id == id ? &i->second : nullptr;
}

bool container_processes::has_ended(const process_id& id) const {
  return std::any_of(ended_.begin(), ended_.end(),
                     [&id](const ended_process& x) { return x.id == id; });
}

void container_processes::make_room() {
  if (live_.size() < processes_max)
    return;
  live_.erase(std::min_element(live_.begin(), live_.end(), [](const auto& a, const auto& b) {
    return a.second.id.start_boottime_ns < b.second.id.start_boottime_ns;
  }));
}

/// The process under this id, made when it is new. A pid that was given out again belongs to the
/// later process: the end of the earlier one was lost. Null for a process that is over.
container_process* container_processes::add(const process_id& id,
                                            const char (&comm)[EVENT_COMM_SIZE]) {
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
    return &(i->second = container_process{id, to_comm(comm)});
  }
  make_room();
  return &(live_[id.pid] = container_process{id, to_comm(comm)});
}

void container_processes::forked(const process_forked& record) {
  const auto* parent = find({record.parent_pid, record.parent_start_boottime_ns});
  const bool setup = parent != nullptr && parent->setup;
  // The child may have executed something already, if the records changed places.
  if (find(id_of(record.header)) != nullptr)
    return;
  if (auto* child = add(id_of(record.header), record.comm))
    child->setup = setup;
}

bool container_processes::executed(const process_executed& record, std::string_view argv) {
  auto* x = add(id_of(record.header), record.comm);
  if (x == nullptr)
    return true;
  if (x->setup && x->moved_in && is_runc_stage(argv))
    return false;
  x->setup = x->moved_in = false;
  return true;
}

void container_processes::moved(const process_moved& record) {
  // Within one container (into a nested cgroup) a move changes nothing.
  const bool known = find(id_of(record.header)) != nullptr;
  if (auto* x = add(id_of(record.header), record.comm); x != nullptr && !known)
    x->setup = x->moved_in = true;
}

void container_processes::found(const process_found& record) {
  add(id_of(record.header), record.comm);
}

void container_processes::remember_end(const ended_process& ended) {
  ended_.push_back(ended);
  if (ended_.size() > ended_max)
    ended_.pop_front();
}

process_end container_processes::exited(const process_exited& record) {
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

std::string_view container_processes::comm_of(const process_id& id) const {
  if (const auto* x = find(id))
    return to_view(x->comm);
  for (const auto& x : ended_)
    if (x.id == id)
      return to_view(x.comm);
  return {};
}

size_t container_processes::count() const {
  return static_cast<size_t>(
      std::count_if(live_.begin(), live_.end(), [](const auto& x) { return !x.second.setup; }));
}

void container_processes::absorb(container_processes&& other) {
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
  other = container_processes{};
}

} // namespace troupe
