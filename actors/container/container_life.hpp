// SPDX-License-Identifier: Apache-2.0
#pragma once

// Which of a container's processes is its init process, and which ones were put beside it.
//
// A process comes in from outside as a set-up process (container_processes.hpp), and enters with
// the first program of its own. The first that enters a cgroup which was made before our eyes is
// the init process; later ones are execs. Of a container that is older than the agent the runtime
// tells which one it is.

#include "messages/identity.hpp"
#include "messages/trace_event.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <unordered_map>

namespace troupe {

class container_life {
public:
  /// Execs that are remembered until they end.
  static constexpr size_t execs_max = 4096;

  /// Its first cgroup was made, or one more after all were gone.
  void created();

  /// The pid of the init process, as the runtime says; 0: it does not.
  void runtime_says(uint32_t init_pid);

  /// A process executed its first program of its own: started or exec. `alone`: no other process of
  /// the container's own runs.
  life_action entered(const process_id& process, bool alone);

  /// A process of the container's own ended: exited, exec_exited, or nothing to tell.
  std::optional<life_action> ended(const process_id& process);

  /// What a provisional container saw of this container's newest life.
  void absorb(const container_life& newer);

private:
  bool begun_ = false; ///< knows of a beginning
  bool fresh_ = false; ///< created, and nothing has entered yet
  process_id init_;    ///< pid 0: not known, or not running
  uint32_t runtime_pid_ = 0;
  std::unordered_map<uint32_t, process_id> execs_; ///< by pid
};

} // namespace troupe
