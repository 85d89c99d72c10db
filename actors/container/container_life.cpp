// SPDX-License-Identifier: Apache-2.0
#include "actors/container/container_life.hpp"

namespace troupe {

void container_life::created() {
  begun_ = fresh_ = true;
  init_ = {};
  runtime_pid_ = 0;
  execs_.clear();
}

void container_life::runtime_says(uint32_t init_pid) {
  if (init_pid != 0) // That it has ended the runtime may say before the kernel's word was read.
    runtime_pid_ = init_pid;
}

life_action container_life::entered(const process_id& process, bool alone) {
  // An agent that is younger than the container did not see its init process enter.
  const bool only_one = alone && runtime_pid_ == 0;
  if (init_.pid == 0 && (fresh_ || only_one || process.pid == runtime_pid_)) {
    begun_ = true;
    fresh_ = false;
    init_ = process;
    return life_action::started;
  }
  if (execs_.size() < execs_max || execs_.contains(process.pid))
    execs_.insert_or_assign(process.pid, process);
  return life_action::exec;
}

std::optional<life_action> container_life::ended(const process_id& process) {
  const bool told = init_.pid == 0 && !fresh_ && process.pid == runtime_pid_;
  if (process == init_ || told) {
    init_ = {};
    runtime_pid_ = 0;
    return life_action::exited;
  }
  const auto exec = execs_.find(process.pid);
  if (exec == execs_.end() || exec->second != process)
    return std::nullopt;
  execs_.erase(exec);
  return life_action::exec_exited;
}

void container_life::absorb(const container_life& newer) {
  for (const auto& [pid, process] : newer.execs_)
    execs_.insert_or_assign(pid, process);
  if (newer.begun_) {
    begun_ = true;
    fresh_ = newer.fresh_;
    init_ = newer.init_;
  }
  if (runtime_pid_ == 0)
    runtime_pid_ = newer.runtime_pid_;
}

} // namespace troupe
