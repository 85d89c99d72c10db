// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/console/command_line.hpp"
#include "tests/console/captured_output.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace troupe {

/// Runs the command line with commands that only note what they were asked.
struct command_line_run {
  captured_output output;
  std::map<std::string, std::string> variables;
  std::optional<agent_request> agent;
  std::optional<trace_request> trace;
  std::optional<list_request> list;
  std::optional<record_request> record;
  std::optional<replay_request> replay;
  std::optional<doctor_request> doctor;
  std::optional<version_request> version;
  std::optional<top_actors_request> top;
  std::optional<top_l7_request> top_l7;
  std::optional<map_request> map;
  std::optional<ps_request> ps;
  std::optional<inspect_request> inspect;

  int operator()(const std::vector<std::string>& arguments) {
    const command_set commands{
        .agent = [this](const agent_request& x, const output_streams&) { return note(agent, x); },
        .trace = [this](const trace_request& x, const output_streams&) { return note(trace, x); },
        .list = [this](const list_request& x, const output_streams&) { return note(list, x); },
        .record = [this](const record_request& x,
                         const output_streams&) { return note(record, x); },
        .replay = [this](const replay_request& x,
                         const output_streams&) { return note(replay, x); },
        .doctor = [this](const doctor_request& x,
                         const output_streams&) { return note(doctor, x); },
        .version = [this](const version_request& x,
                          const output_streams&) { return note(version, x); },
        .top_actors = [this](const top_actors_request& x,
                             const output_streams&) { return note(top, x); },
        .top_l7 = [this](const top_l7_request& x,
                         const output_streams&) { return note(top_l7, x); },
        .map = [this](const map_request& x, const output_streams&) { return note(map, x); },
        .ps = [this](const ps_request& x, const output_streams&) { return note(ps, x); },
        .inspect = [this](const inspect_request& x,
                          const output_streams&) { return note(inspect, x); },
    };
    const auto environment = [this](const char* name) -> const char* {
      const auto i = variables.find(name);
      return i == variables.end() ? nullptr : i->second.c_str();
    };
    return run_command_line(arguments, output.streams(), environment, commands);
  }

  template <class T>
  static int note(std::optional<T>& into, const T& request) {
    into = request;
    return exit_done;
  }
};

/// The first line of what is said about wrong arguments; requires exit 2, a hint, and no data.
inline std::string complaint(const std::vector<std::string>& arguments) {
  command_line_run run;
  CHECK(run(arguments) == exit_usage);
  CHECK(run.output.out.text().empty());
  const auto text = run.output.err.text();
  CHECK(std::count(text.begin(), text.end(), '\n') == 2);
  CHECK(text.find("--help'.\n") != std::string::npos);
  return text.substr(0, text.find('\n'));
}

/// The same, of flags behind a command.
inline std::string complaint(std::vector<std::string> command,
                             const std::vector<std::string>& flags) {
  command.insert(command.end(), flags.begin(), flags.end());
  return complaint(command);
}

inline std::string help_of(std::vector<std::string> arguments) {
  command_line_run run;
  arguments.emplace_back("--help");
  CHECK(run(arguments) == exit_done);
  CHECK(run.output.err.text().empty());
  return run.output.out.text();
}

} // namespace troupe
