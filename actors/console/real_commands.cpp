// SPDX-License-Identifier: Apache-2.0
#include "actors/console/real_commands.hpp"

namespace troupe {

command_set real_commands() {
  return {.agent = run_agent_command,
          .trace = run_trace_command,
          .list = run_list_command,
          .record = run_record_command,
          .replay = run_replay_command,
          .doctor = run_doctor_command,
          .version = run_version_command,
          .top_actors = run_top_actors_command,
          .top_l7 = run_top_l7_command,
          .map = run_map_command,
          .ps = run_ps_command,
          .inspect = run_inspect_command,
          .events = run_events_command};
}

} // namespace troupe
