// SPDX-License-Identifier: Apache-2.0
#include "actors/console/real_commands.hpp"

namespace troupe {

command_set real_commands() {
  return {run_agent_command,  run_trace_command,  run_list_command,    run_record_command,
          run_replay_command, run_doctor_command, run_version_command, run_top_actors_command};
}

} // namespace troupe
