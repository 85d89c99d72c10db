// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/console/commands.hpp"

namespace troupe {

// Each command as it really runs; answers an exit_code.
int run_agent_command(const agent_request& request, const output_streams& streams);
int run_events_command(const events_request& request, const output_streams& streams);
int run_trace_command(const trace_request& request, const output_streams& streams);
int run_list_command(const list_request& request, const output_streams& streams);
int run_ps_command(const ps_request& request, const output_streams& streams);
int run_inspect_command(const inspect_request& request, const output_streams& streams);
int run_record_command(const record_request& request, const output_streams& streams);
int run_replay_command(const replay_request& request, const output_streams& streams);
int run_doctor_command(const doctor_request& request, const output_streams& streams);
int run_top_actors_command(const top_actors_request& request, const output_streams& streams);
int run_top_l7_command(const top_l7_request& request, const output_streams& streams);
int run_map_command(const map_request& request, const output_streams& streams);
int run_version_command(const version_request& request, const output_streams& streams);

} // namespace troupe
