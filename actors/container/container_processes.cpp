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
  const process_id forker{record.parent_pid, record.parent_start_boottime_ns};
  const auto* parent = find(forker);
  const bool setup = parent != nullptr && parent->setup;
  // A copy of its forker's name, and this one only the last stage has, which becomes the init
  // process: before that it runs the container's startContainer hooks.
  const bool hook = setup && (parent->hook || to_view(to_comm(record.comm)) == "runc:[2:INIT]");
  // The child may have executed something already, if the records changed places.
  if (find(id_of(record.header)) != nullptr)
    return;
  auto* child = add(id_of(record.header), record.comm);
  if (child == nullptr)
    return;
  child->setup = setup;
  child->hook = hook;
  // Born in here by a forker outside (CLONE_INTO_CGROUP): as if it had been moved in.
  if (parent == nullptr && complete_ && !has_ended(forker))
    child->setup = child->moved_in = true;
}

process_start container_processes::executed(const process_executed& record, std::string_view argv) {
  auto* x = add(id_of(record.header), record.comm);
  process_start result;
  if (x == nullptr)
    return result;
  result.own = !(x->setup && x->moved_in && is_runc_stage(argv));
  if (!result.own)
    return result;
  result.entered = x->setup && !x->hook;
  x->setup = x->moved_in = x->hook = false;
  return result;
}

void container_processes::moved(const process_moved& record) {
  if (record.header.cgroup_id == 0)
    return depart(id_of(record.header));
  // Within one container (into a nested cgroup) a move changes nothing.
  const bool known = come_back(id_of(record.header)) || find(id_of(record.header)) != nullptr;
  if (auto* x = add(id_of(record.header), record.comm); x != nullptr && !known)
    x->setup = x->moved_in = true;
}

/// Its end, too, will be told elsewhere.
void container_processes::depart(const process_id& id) {
  const auto* x = find(id);
  if (x == nullptr)
    return;
  departed_.push_back(*x);
  live_.erase(id.pid);
  if (departed_.size() > departed_max)
    departed_.pop_front();
}

/// As what it went; false when it is none of those that went.
bool container_processes::come_back(const process_id& id) {
  const auto i = std::find_if(departed_.begin(), departed_.end(),
                              [&id](const container_process& x) { return x.id == id; });
  if (i == departed_.end())
    return false;
  live_.insert_or_assign(id.pid, *i);
  departed_.erase(i);
  return true;
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
  for (const auto& x : departed_) // With sockets that are still ours.
    if (x.id == id)
      return to_view(x.comm);
  return {};
}

size_t container_processes::count() const {
  return static_cast<size_t>(
      std::count_if(live_.begin(), live_.end(), [](const auto& x) { return !x.second.setup; }));
}

process_id container_processes::oldest() const {
  process_id result;
  for (const auto& [pid, x] : live_)
    if (!x.setup && (result.pid == 0 || x.id.start_boottime_ns < result.start_boottime_ns))
      result = x.id;
  return result;
}

void container_processes::absorb(container_processes&& other) {
  for (const auto& [pid, theirs] : other.live_) {
    const auto mine = live_.find(pid);
    const bool later =
        mine != live_.end() && mine->second.id.start_boottime_ns >= theirs.id.start_boottime_ns;
    if (later || has_ended(theirs.id) || come_back(theirs.id))
      continue;
    make_room();
    live_[pid] = theirs;
  }
  complete_ = other.complete_; // It saw what came later.
  for (const auto& x : other.ended_)
    if (!has_ended(x.id))
      remember_end(x);
  other = container_processes{};
}

} // namespace troupe
