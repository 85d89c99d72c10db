// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/console/event_fields.hpp"
#include "actors/console/field_selection.hpp"
#include "actors/console/l7_filter.hpp"
#include "actors/console/life_fields.hpp"
#include "actors/console/map_documents.hpp"
#include "actors/console/output.hpp"
#include "actors/console/selector.hpp"
#include "actors/console/settings_schema.hpp"
#include "actors/console/top_actors.hpp"
#include "actors/console/top_l7.hpp"

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace troupe {

/// What a command tells its caller; scripts rely on the numbers.
enum exit_code : int {
  exit_done = 0,
  exit_error = 1,
  exit_usage = 2,
  exit_unsupported = 3, ///< this machine or this user cannot
  exit_lost = 4,        ///< a stream lost events
};

struct agent_request {
  configuration config;
};

struct trace_request {
  configuration config;
  trace_kind kind = trace_kind::exec;
  selector scope;
  output_options output;
  std::optional<std::chrono::milliseconds> timeout;
  bool setup = false;      ///< show the runtime's own helpers too
  l7_filter requests;      ///< of all requests these
  bool raw = false;        ///< show queries as they were said
  bool allow_loss = false; ///< lost events do not make the command fail
};

struct list_request {
  configuration config;
  selector scope;
  output_options output;
  std::optional<std::chrono::milliseconds> timeout; ///< of the answer; with watch: of the whole
  bool watch = false;
  bool all = false;      ///< created and exited ones too
  bool services = false; ///< systemd's units and users' slices too
};

struct ps_request {
  configuration config;
  selector scope;
  output_options output;
  std::optional<std::chrono::milliseconds> timeout; ///< of the runtimes' answer
  bool services = false;                            ///< of systemd's units and users' slices too
  bool all = false; ///< all of them: also those of pods' sandboxes, and of no container
};

struct inspect_request {
  configuration config;
  std::vector<std::string> targets; ///< a name, an id, the front of one, or a pid
  selector scope;                   ///< of those only; without targets: all of these
  output_options output;
  std::optional<std::chrono::milliseconds> timeout; ///< of the runtimes' answer
  bool environment = false;                         ///< show its values
};

struct events_request {
  configuration config;
  selector scope;
  output_options output;
  std::vector<std::string> events;   ///< of life_event_names(); empty: all
  std::optional<life_source> source; ///< only this one is asked
  std::optional<std::chrono::milliseconds> timeout;
  bool services = false;   ///< systemd's units and users' slices too
  bool allow_loss = false; ///< lost events do not make the command fail
};

struct map_request {
  configuration config;
  selector scope; ///< an end of each edge
  map_format format = map_format::text;
  std::optional<std::chrono::milliseconds> duration; ///< else until Ctrl-C
  bool l7 = true;                                    ///< requests too, not only connections
  bool headers = true;
  bool allow_loss = false;
};

struct top_l7_request {
  configuration config;
  l7_choice choice;
  output_options output; ///< fields of l7_top_fields()
  std::chrono::milliseconds interval{1'000};
  std::optional<uint64_t> count; ///< so many tables; else until Ctrl-C
  std::optional<size_t> limit;   ///< rows of each
  l7_order order = l7_order::requests;
  std::optional<std::chrono::milliseconds> timeout;
  bool allow_loss = false;
};

struct record_request {
  configuration config;
  std::string path;            ///< "-": stdout
  uint64_t file_bytes_max = 0; ///< then a new file is begun; 0: never
  uint32_t files_kept = 3;
  bool metadata = true; ///< what runtimes say is recorded too
  std::optional<std::chrono::milliseconds> timeout;
  bool allow_loss = false;
};

struct replay_request {
  configuration config;
  std::string path; ///< "-": stdin
  double speed = 0; ///< 1: as recorded; 0: as fast as it goes
  output_format format = output_format::columns;
  bool headers = true;
  std::optional<std::chrono::milliseconds> timeout;
  bool allow_loss = false;
};

struct doctor_request {
  configuration config;
  output_format format = output_format::columns;
  bool headers = true;
  std::optional<std::string> cgroup_path; ///< say what this path means, and nothing else
};

struct version_request {
  output_format format = output_format::columns;
};

/// What the command line calls once it has understood its arguments. Each answers an exit_code.
struct command_set {
  template <class Request>
  using command = std::function<int(const Request&, const output_streams&)>;

  command<agent_request> agent = {};
  command<trace_request> trace = {};
  command<list_request> list = {};
  command<record_request> record = {};
  command<replay_request> replay = {};
  command<doctor_request> doctor = {};
  command<version_request> version = {};
  command<top_actors_request> top_actors = {};
  command<top_l7_request> top_l7 = {};
  command<map_request> map = {};
  command<ps_request> ps = {};
  command<inspect_request> inspect = {};
  command<events_request> events = {};
};

/// The commands of the program.
[[nodiscard]] command_set real_commands();

} // namespace troupe
