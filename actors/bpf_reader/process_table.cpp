// SPDX-License-Identifier: Apache-2.0
#include "actors/bpf_reader/process_table.hpp"

#include <vector>

namespace troupe {

process_table::verdict process_table::note(const event_header& record) {
  verdict result;
  if (record.kind == EVENT_PROCESS_EXITED) {
    const auto* known = processes_.find(record.pid);
    // The pid may be another's by now, if exits come late.
    if (known == nullptr || known->start_boottime_ns != record.start_boottime_ns)
      return result;
    result.left = known->cgroup != record.cgroup_id ? known->cgroup : 0;
    processes_.erase(record.pid);
    return result;
  }
  auto& known = processes_[record.pid];
  if (known.start_boottime_ns == record.start_boottime_ns) {
    result.left = known.cgroup != record.cgroup_id ? known.cgroup : 0;
    result.news = record.kind != EVENT_PROCESS_FOUND || result.left != 0;
  } else if (known.start_boottime_ns != 0) {
    result.lost_exit = exit_of(record.pid, known, record.time_ns);
  }
  known.start_boottime_ns = record.start_boottime_ns;
  known.cgroup = record.cgroup_id;
  if (record.kind == EVENT_PROCESS_FOUND)
    known.walk = walk_;
  return result;
}

process_exited process_table::exit_of(uint64_t pid, const entry& x, uint64_t now_ns) {
  process_exited result{};
  result.header = {now_ns,
                   x.cgroup,
                   x.start_boottime_ns,
                   static_cast<uint32_t>(pid),
                   EVENT_PROCESS_EXITED,
                   sizeof(process_exited)};
  result.exit_code = -1;
  return result;
}

void process_table::forget(cgroup_id cgroup) {
  std::vector<uint64_t> gone;
  processes_.for_each([&](uint64_t pid, const entry& x) {
    if (x.cgroup == cgroup)
      gone.push_back(pid);
  });
  for (auto pid : gone)
    processes_.erase(pid);
}

void process_table::forget_process(uint32_t pid) {
  processes_.erase(pid);
}

std::vector<process_exited> process_table::end_walk(uint64_t begun_before_ns, uint64_t now_ns) {
  std::vector<process_exited> result;
  processes_.for_each([&](uint64_t pid, const entry& x) {
    if (x.walk == walk_ || x.start_boottime_ns >= begun_before_ns)
      return;
    result.push_back(exit_of(pid, x, now_ns));
  });
  for (const auto& record : result)
    processes_.erase(record.header.pid);
  return result;
}

} // namespace troupe
