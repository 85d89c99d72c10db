// SPDX-License-Identifier: Apache-2.0
#include "tests/console/command_line_run.hpp"

#include <sstream>

using namespace troupe;

namespace {

const std::vector<std::vector<std::string>> all_commands{
    {},        {"agent"},         {"list"},          {"ps"},           {"inspect"},
    {"trace"}, {"trace", "exec"}, {"trace", "exit"}, {"trace", "tcp"}, {"trace", "oom"},
    {"top"},   {"top", "actors"}, {"doctor"},        {"version"},      {"completion"}};

} // namespace

TEST_CASE("command line: each command's help has a usage and examples of itself") {
  for (const auto& command : all_commands) {
    const auto text = help_of(command);
    std::string path = "troupe";
    for (const auto& word : command)
      path += " " + word;
    CHECK_MESSAGE(text.find("Usage: " + path) != std::string::npos, text);
    const auto examples = text.find("Examples:\n  ");
    REQUIRE_MESSAGE(examples != std::string::npos, text);
    CHECK_MESSAGE(text.find(path, examples) != std::string::npos, text);
  }
}

TEST_CASE("command line: every line of help fits a terminal") {
  for (const auto& command : all_commands) {
    std::istringstream lines{help_of(command)};
    for (std::string line; std::getline(lines, line);)
      CHECK_MESSAGE(line.size() <= 100, line);
  }
}

TEST_CASE("command line: without a command it says how to use it") {
  command_line_run run;
  CHECK(run({}) == exit_usage);
  CHECK(run.output.out.text().empty());
  CHECK(run.output.err.text().find("Examples:") != std::string::npos);
}

TEST_CASE("command line: misspelt commands and flags name what was probably meant") {
  CHECK(complaint({"lst"}) == "troupe: unknown command 'lst'; did you mean 'list'?");
  CHECK(complaint({"frobnicate"}) == "troupe: unknown command 'frobnicate'");
  CHECK(complaint({"trace", "exce"})
        == "troupe trace: unknown command 'exce'; did you mean 'exec'?");
  CHECK(complaint({"trace"}) == "troupe trace: say what to trace: exec, exit, tcp, oom, l7 or dns");
  CHECK(complaint({"list", "--al"}) == "troupe list: unknown flag '--al'; did you mean '--all'?");
  CHECK(complaint({"list", "--no-such-flag"}).starts_with("troupe list: unknown flag "));
  CHECK(complaint({"list", "-z"}).starts_with("troupe list: unknown flag '-z'"));
  CHECK(complaint({"--lst"}).starts_with("troupe: unknown flag '--lst'"));
  CHECK(complaint({"list", "web"})
        == "troupe list: 'web' is not expected here: this command takes flags only");
  CHECK(complaint({"trace", "exec", "\x1b[2J"}).find('\x1b') == std::string::npos);
}

TEST_CASE("command line: bad values say what to write") {
  CHECK(complaint({"list", "-o", "jsn"})
        == "troupe list: -o/--output 'jsn': write columns, wide, json or yaml");
  CHECK(complaint({"trace", "exec", "--timeout", "soon"})
        == "troupe trace exec: --timeout 'soon': write seconds, like 10 or 0.5");
  CHECK(complaint({"trace", "exec", "--timeout", "0"}).find("--timeout '0'") != std::string::npos);
  CHECK(complaint({"list", "-r", "dokcer"})
            .starts_with(
                "troupe list: -r/--runtime 'dokcer': unknown runtime; did you mean 'docker'?"));
  CHECK(complaint({"list", "-l", "=x"})
        == "troupe list: -l/--label '=x': write KEY=VALUE, KEY!=VALUE or KEY");
  CHECK(complaint({"list", "--pid", "-1"}).find("--pid") != std::string::npos);
  CHECK(complaint({"list", "--pid", "x"}) == "troupe list: --pid 'x': write a process id");
  CHECK(complaint({"list", "-c", ""})
        == "troupe list: -c/--container '': the value is empty; leave the flag away to mean all");
  CHECK(complaint({"list", "--fields", "nmae"})
        == "troupe list: unknown field 'nmae'; did you mean 'name'?; --list shows the fields");
  CHECK(complaint({"agent", "--listen", "x"}).starts_with("troupe agent: --listen 'x': write "));
  CHECK(complaint({"agent", "--config", "/nonexistent"}).starts_with("troupe agent: cannot read "));
}

TEST_CASE("command line: a flag without its value") {
  CHECK(complaint({"list", "-c"}) == "troupe list: --container needs a value");
  CHECK(complaint({"list", "--fields"}) == "troupe list: --fields needs a value");
  CHECK(complaint({"agent", "--listen"}) == "troupe agent: --listen needs a value");
}

TEST_CASE("command line: the scope flags reach the command, each repeatable") {
  for (const std::vector<std::string>& command :
       {std::vector<std::string>{"list"}, {"trace", "exec"}, {"trace", "tcp"}}) {
    command_line_run run;
    auto arguments = command;
    for (const auto* word : {"-c", "web", "--container", "!db", "-n", "shop", "--pod", "p", "-l",
                             "a=b", "-l", "c", "-r", "docker", "--pid", "7", "--pid=8"})
      arguments.emplace_back(word);
    REQUIRE_MESSAGE(run(arguments) == exit_done, run.output.err.text());
    const auto& scope = run.list ? run.list->scope : run.trace->scope;
    CHECK(scope.text() == "-c web -c !db -n shop --pod p -r docker -l a=b -l c --pid 7 --pid 8");
  }
}

TEST_CASE("command line: --list says which fields there are, and runs nothing") {
  for (const std::vector<std::string>& command :
       {std::vector<std::string>{"list"}, {"trace", "exec"}, {"trace", "tcp"}}) {
    command_line_run run;
    auto arguments = command;
    arguments.emplace_back("--list");
    CHECK(run(arguments) == exit_done);
    CHECK(run.output.out.text().find("container_id") != std::string::npos);
    CHECK_FALSE(run.list);
    CHECK_FALSE(run.trace);
  }
}

TEST_CASE("command line: settings come as flags, variables and file") {
  command_line_run run;
  run.variables = {{"TROUPE_POD_LABELS", "true"}, {"TROUPE_LISTEN", "127.0.0.1:1"}};
  REQUIRE(run({"agent", "--listen", "127.0.0.1:2", "--services=false"}) == exit_done);
  CHECK(run.agent->config.agent.listen == "127.0.0.1:2");
  CHECK(run.agent->config.agent.pod_labels);
  CHECK_FALSE(run.agent->config.agent.services);
}

TEST_CASE("command line: a switch alone is on, and does not swallow the next flag") {
  command_line_run run;
  REQUIRE(run({"agent", "--pod-labels", "--log-level", "debug"}) == exit_done);
  CHECK(run.agent->config.agent.pod_labels);
  CHECK(run.agent->config.log_level == "debug");
}

TEST_CASE("command line: a flag that was given twice counts as given last") {
  command_line_run run;
  REQUIRE(run({"agent", "--listen", "127.0.0.1:1", "--listen", "127.0.0.1:2"}) == exit_done);
  CHECK(run.agent->config.agent.listen == "127.0.0.1:2");
}

TEST_CASE("command line: completion of every shell knows every command") {
  for (const auto* shell : {"bash", "zsh", "fish"}) {
    command_line_run run;
    REQUIRE(run({"completion", shell}) == exit_done);
    for (const auto* word : {"inspect", "troupe trace exec", "__troupe_names"})
      if (std::string_view{shell} == "fish" || std::string_view{word} != "__troupe_names")
        CHECK(run.output.out.text().find(word) != std::string::npos);
  }
  CHECK(complaint({"completion"}) == "troupe completion: say for which shell: bash, zsh or fish");
  CHECK(complaint({"completion", "tcsh"})
        == "troupe completion: no completion for 'tcsh'; write bash, zsh or fish");
}
