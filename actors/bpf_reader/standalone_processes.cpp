// SPDX-License-Identifier: Apache-2.0
#include "actors/bpf_reader/standalone_processes.hpp"

#include "actors/bpf_reader/event_names.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

namespace troupe {

namespace {

/// What of a process its records tell; the same in all but where it stands.
struct process_facts {
  uint32_t parent_pid = 0;
  uint32_t uid = 0;
  const char* comm = nullptr;
};

template <class Record>
process_facts facts_in(const event_header& record) {
  if (record.size < sizeof(Record))
    return {};
  const auto& x = reinterpret_cast<const Record&>(record);
  return {x.parent_pid, x.uid, x.comm};
}

process_facts facts_of(const event_header& record) {
  switch (record.kind) {
    case EVENT_PROCESS_FORKED:
      return facts_in<process_forked>(record);
    case EVENT_PROCESS_EXECUTED:
      return facts_in<process_executed>(record);
    case EVENT_PROCESS_MOVED:
      return facts_in<process_moved>(record);
    default:
      return facts_in<process_found>(record);
  }
}

} // namespace

standalone_processes::standalone_processes(router& to, cgroup_id first_id)
    : router_(to), next_id_(first_id | standalone_bit) {}

void standalone_processes::take(const event_header& record) {
  now_ns_ = std::max<uint64_t>(now_ns_, record.time_ns);
  if (record.kind == EVENT_CGROUP_CREATED || record.kind == EVENT_CGROUP_REMOVED)
    pass(record);
  else if (record.kind == EVENT_PROCESS_EXITED)
    take_exit(record);
  else if (is_lifecycle(record.kind))
    take_process(record);
  else if (stands_alone(record.cgroup_id))
    take_data(record);
  else
    pass(record);
}

standalone_processes::process* standalone_processes::find(const event_header& record) {
  auto* x = processes_.find(record.pid);
  return x != nullptr && x->start_boottime_ns == record.start_boottime_ns ? x : nullptr;
}

void standalone_processes::take_process(const event_header& record) {
  if (record.pid == 0)
    return pass(record);
  if (stands_alone(record.cgroup_id)) {
    const auto& x = note(record);
    return x.standing != 0 ? pass_as(x.standing, record) : pass(record);
  }
  // It went into a container. The router tells those that it stood with.
  pass(record);
  if (auto* x = find(record)) {
    leave(*x);
    processes_.erase(record.pid);
  }
}

void standalone_processes::take_exit(const event_header& record) {
  auto* x = find(record);
  if (x == nullptr || x->standing == 0) {
    if (x != nullptr)
      processes_.erase(record.pid);
    return pass(record);
  }
  x->ended_ns = std::max<uint64_t>(record.time_ns, 1);
  pass_as(x->standing, record);
}

void standalone_processes::take_data(const event_header& record) {
  auto* x = find(record);
  if (x == nullptr)
    return pass(record); // Of a process that we never saw.
  if (x->standing == 0 && x->ended_ns == 0)
    stand(record, *x);
  if (x->standing != 0)
    pass_as(x->standing, record);
  else
    pass(record);
}

/// Only the name at the first socket event counts: later ones say no more about whose socket it is.
standalone_processes::process& standalone_processes::note(const event_header& record) {
  auto& x = processes_[record.pid];
  if (x.start_boottime_ns != record.start_boottime_ns) {
    leave(x);
    x = {};
    x.start_boottime_ns = record.start_boottime_ns;
  }
  if (const auto facts = facts_of(record); facts.comm != nullptr) {
    x.parent_pid = facts.parent_pid;
    x.uid = facts.uid;
    std::memcpy(x.comm, facts.comm, sizeof(x.comm));
  }
  if (record.kind == EVENT_PROCESS_FOUND)
    x.walk = walk_;
  return x;
}

void standalone_processes::stand(const event_header& record, process& x) {
  const std::string comm{x.comm, strnlen(x.comm, sizeof(x.comm))};
  auto known = names_.find(comm);
  if (known == names_.end()) {
    if (names_.size() >= names_max || comm.empty())
      return;
    known = names_.emplace(comm, name{next_id_++, 0}).first;
    by_id_.emplace(known->second.id, comm);
    announce(record, known->second.id, comm);
  }
  x.standing = known->second.id;
  ++known->second.processes;
  process_found found{};
  found.header = {record.time_ns, x.standing,          x.start_boottime_ns,
                  record.pid,     EVENT_PROCESS_FOUND, sizeof(process_found)};
  found.parent_pid = x.parent_pid;
  found.uid = x.uid;
  std::memcpy(found.comm, x.comm, sizeof(found.comm));
  router_.take_uncounted(found.header);
}

/// The process does not stand with the others of its name any more.
void standalone_processes::leave(process& x) {
  const auto comm = by_id_.find(x.standing);
  if (comm == by_id_.end())
    return;
  const auto known = names_.find(comm->second);
  if (--known->second.processes > 0)
    return;
  cgroup_event removed{};
  removed.header = {now_ns_, x.standing, 0, 0, EVENT_CGROUP_REMOVED, sizeof(cgroup_event)};
  router_.take_uncounted(removed.header);
  names_.erase(known);
  by_id_.erase(comm);
}

void standalone_processes::announce(const event_header& cause, cgroup_id id,
                                    const std::string& comm) {
  const auto path = "standalone/" + comm;
  alignas(8) std::array<std::byte, sizeof(cgroup_event) + 32> bytes{};
  static_assert(sizeof("standalone/") + EVENT_COMM_SIZE <= 32);
  cgroup_event created{};
  created.header = {
      cause.time_ns, id, 0, 0, EVENT_CGROUP_CREATED, static_cast<__u16>(bytes.size())};
  created.path_size = static_cast<__u16>(path.size());
  std::memcpy(bytes.data(), &created, sizeof(created));
  std::memcpy(bytes.data() + sizeof(created), path.data(), path.size());
  router_.take_uncounted(*reinterpret_cast<const event_header*>(bytes.data()));
}

void standalone_processes::pass(const event_header& record) {
  if (again_)
    router_.take_uncounted(record);
  else
    router_.take(record);
}

void standalone_processes::pass_as(cgroup_id id, const event_header& record) {
  changed_.resize((record.size + sizeof(uint64_t) - 1) / sizeof(uint64_t));
  std::memcpy(changed_.data(), &record, record.size);
  auto& header = *reinterpret_cast<event_header*>(changed_.data());
  header.cgroup_id = id;
  pass(header);
}

void standalone_processes::adopt(cgroup_id cgroup) {
  if (cgroup == 0 || stands_alone(cgroup))
    return;
  cgroups_[cgroup] = true;
  const auto kept = router_.take_pending(cgroup);
  router_.ignore(cgroup);
  again_ = true;
  for (size_t at = 0; at < kept.size();) {
    const auto& record = *reinterpret_cast<const event_header*>(kept.data() + at);
    at += record.size;
    if (record.cgroup_id == cgroup) // Else the departure of a process: there is nobody to tell.
      take(record);
  }
  again_ = false;
}

void standalone_processes::forget(cgroup_id cgroup) {
  cgroups_.erase(cgroup);
}

void standalone_processes::end_walk(uint64_t begun_before_ns) {
  processes_.for_each([&](uint64_t, process& x) {
    if (x.walk != walk_ && x.ended_ns == 0 && x.start_boottime_ns < begun_before_ns)
      x.ended_ns = std::max<uint64_t>(now_ns_, 1);
  });
}

void standalone_processes::tidy() {
  std::vector<uint64_t> gone;
  processes_.for_each([&](uint64_t pid, process& x) {
    if (x.ended_ns != 0 && now_ns_ - std::min(x.ended_ns, now_ns_) >= linger_ns) {
      leave(x);
      gone.push_back(pid);
    }
  });
  for (auto pid : gone)
    processes_.erase(pid);
}

} // namespace troupe
