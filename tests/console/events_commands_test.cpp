// SPDX-License-Identifier: Apache-2.0
#include "actors/console/command_line.hpp"
#include "tests/console/captured_output.hpp"

#include <doctest/doctest.h>

#include <sstream>

using namespace troupe;

namespace {

struct events_line {
  captured_output output;
  std::optional<events_request> asked;

  int operator()(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "events");
    const command_set commands{.events = [this](const events_request& x, const output_streams&) {
      asked = x;
      return exit_done;
    }};
    const auto environment = [](const char*) -> const char* {
      return nullptr;
    };
    return run_command_line(std::move(arguments), output.streams(), environment, commands);
  }
};

std::string complaint(std::vector<std::string> arguments) {
  events_line run;
  CHECK(run(std::move(arguments)) == exit_usage);
  CHECK_FALSE(run.asked);
  const auto text = run.output.err.text();
  return text.substr(0, text.find('\n'));
}

} // namespace

TEST_CASE("events command: its flags") {
  events_line run;
  REQUIRE(run({"-c", "web", "--event", "oom", "--event", "exited", "--source", "kernel",
               "--timeout", "2.5", "--allow-loss", "-o", "json", "--fields", "time,event"})
          == exit_done);
  REQUIRE(run.asked);
  CHECK(run.asked->scope.containers == std::vector<std::string>{"web"});
  CHECK(run.asked->events == std::vector<std::string>{"oom", "exited"});
  CHECK(run.asked->source == life_source::kernel);
  CHECK(run.asked->timeout == std::chrono::milliseconds{2500});
  CHECK(run.asked->allow_loss);
  CHECK(run.asked->output.format == output_format::json);
  CHECK(run.asked->output.fields.size() == 2);
}

TEST_CASE("events command: both sources, all events and no units unless it is told otherwise") {
  events_line run;
  REQUIRE(run({}) == exit_done);
  CHECK_FALSE(run.asked->source);
  CHECK(run.asked->events.empty());
  CHECK_FALSE(run.asked->services);
  CHECK_FALSE(run.asked->allow_loss);
  events_line with_services;
  REQUIRE(with_services({"--services"}) == exit_done);
  CHECK(with_services.asked->services);
}

TEST_CASE("events command: a name that nobody knows is met with the nearest") {
  CHECK(complaint({"--event", "strated"})
            .starts_with("troupe events: --event 'strated': unknown event; did you mean "
                         "'started'?; known: created, started, "));
  CHECK(complaint({"--event", "\x1b[2J"}).find('\x1b') == std::string::npos);
  CHECK(complaint({"--source", "ker"})
        == "troupe events: --source 'ker': neither kernel nor runtime");
}

TEST_CASE("events command: help with examples that fits a terminal, and every field") {
  events_line help;
  CHECK(help({"--help"}) == exit_done);
  std::istringstream lines{help.output.out.text()};
  CHECK(lines.str().find("Examples:\n  troupe events") != std::string::npos);
  for (std::string line; std::getline(lines, line);)
    CHECK_MESSAGE(line.size() <= 100, line);
  events_line list;
  CHECK(list({"--list"}) == exit_done);
  for (const auto& x : life_fields())
    CHECK(list.output.out.text().find(x.info.name) != std::string::npos);
}
