// SPDX-License-Identifier: Apache-2.0
#include "actors/console/command_line.hpp"
#include "tests/console/captured_output.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using namespace troupe;

namespace {

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

  int operator()(std::vector<std::string> arguments) {
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
    return run_command_line(std::move(arguments), output.streams(), environment, commands);
  }

  template <class T>
  static int note(std::optional<T>& into, const T& request) {
    into = request;
    return exit_done;
  }
};

/// The first line of what is said about wrong arguments; requires exit 2, a hint, and no data.
std::string complaint(std::vector<std::string> arguments) {
  command_line_run run;
  CHECK(run(std::move(arguments)) == exit_usage);
  CHECK(run.output.out.text().empty());
  const auto text = run.output.err.text();
  CHECK(std::count(text.begin(), text.end(), '\n') == 2);
  CHECK(text.find("--help'.\n") != std::string::npos);
  return text.substr(0, text.find('\n'));
}

std::string help_of(std::vector<std::string> arguments) {
  command_line_run run;
  arguments.emplace_back("--help");
  CHECK(run(std::move(arguments)) == exit_done);
  CHECK(run.output.err.text().empty());
  return run.output.out.text();
}

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

TEST_CASE("command line: trace takes its own flags") {
  command_line_run run;
  REQUIRE(run({"trace", "exit", "--all", "--allow-loss", "--timeout", "2.5", "-o", "json",
               "--no-headers", "--fields", "-pid,+labels"})
          == exit_done);
  CHECK(run.trace->kind == trace_kind::exit);
  CHECK(run.trace->setup);
  CHECK(run.trace->allow_loss);
  CHECK(run.trace->timeout == std::chrono::milliseconds{2500});
  CHECK(run.trace->output.format == output_format::json);
  CHECK_FALSE(run.trace->output.headers);
  const auto& fields = event_fields(trace_kind::exit);
  CHECK(fields[run.trace->output.fields.back()].info.name == "labels");
}

TEST_CASE("command line: trace l7 takes conditions on requests") {
  command_line_run run;
  REQUIRE(run({"trace", "l7", "--protocol", "http", "--protocol=grpc", "--status", "5xx",
               "--status", "failed", "--min-duration", "1.5ms", "--raw"})
          == exit_done);
  CHECK(run.trace->kind == trace_kind::l7);
  using protocols = std::vector<l7_protocol>;
  CHECK(run.trace->requests.protocols == protocols{l7_protocol::http, l7_protocol::grpc});
  CHECK(run.trace->requests.statuses.size() == 2);
  CHECK(run.trace->requests.min_duration_ns == 1'500'000);
  CHECK(run.trace->raw);
  const auto& fields = event_fields(trace_kind::l7);
  CHECK(fields[run.trace->output.fields.back()].info.name == "query");

  command_line_run plain;
  REQUIRE(plain({"trace", "dns", "--status", "3"}) == exit_done);
  CHECK(plain.trace->kind == trace_kind::dns);
  CHECK_FALSE(plain.trace->raw);
}

TEST_CASE("command line: conditions on requests that make no sense are named") {
  for (const auto& [arguments, complaint] :
       std::vector<std::pair<std::vector<std::string>, std::string>>{
           {{"--protocol", "htp"}, "unknown protocol; did you mean 'http'?; known: http, http2"},
           {{"--status", "6xx"}, "--status '6xx': write a code like 404, a class like 5xx, ok"},
           {{"--min-duration", "5"}, "--min-duration '5': write a time with its unit"}}) {
    command_line_run run;
    std::vector<std::string> command{"trace", "l7"};
    command.insert(command.end(), arguments.begin(), arguments.end());
    CHECK(run(command) == exit_usage);
    CHECK_FALSE(run.trace);
    CHECK_MESSAGE(run.output.err.text().find(complaint) != std::string::npos,
                  run.output.err.text());
  }
  command_line_run run;
  CHECK(run({"trace", "dns", "--protocol", "http"}) == exit_usage);
  CHECK(run({"trace", "exec", "--status", "ok"}) == exit_usage);
}

TEST_CASE("command line: list takes its own flags") {
  command_line_run run;
  REQUIRE(run({"list", "-w", "-a", "--docker-socket", "/a", "--docker-socket", "/b",
               "--runtime-timeout", "1s"})
          == exit_done);
  CHECK(run.list->watch);
  CHECK(run.list->all);
  CHECK(run.list->config.agent.docker_sockets == std::vector<std::string>{"/a", "/b"});
  CHECK(run.list->config.agent.runtime_timeout == std::chrono::seconds{1});
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

TEST_CASE("top actors: which agent, how often, which fields") {
  command_line_run run;
  CHECK(run({"top", "actors"}) == exit_done);
  REQUIRE(run.top);
  CHECK(run.top->agent == "127.0.0.1:9912");
  CHECK(run.top->interval == std::chrono::seconds{1});
  CHECK_FALSE(run.top->count);
  command_line_run other;
  CHECK(other({"top", "actors", "--agent", "[::1]:9000", "--interval", "0.5", "-n", "3", "-o",
               "json", "--fields", "actor,batches"})
        == exit_done);
  REQUIRE(other.top);
  CHECK(other.top->agent == "[::1]:9000");
  CHECK(other.top->interval == std::chrono::milliseconds{500});
  CHECK(other.top->count == 3);
  CHECK(other.top->output.fields.size() == 2);
  command_line_run listing;
  CHECK(listing({"top", "actors", "--list"}) == exit_done);
  CHECK(listing.output.out.text().find("credit_used") != std::string::npos);
  CHECK(complaint({"top"}) == "troupe top: say what to show: l7 or actors");
  CHECK(complaint({"top", "actors", "--interval", "0"})
        == "troupe top actors: --interval '0': write seconds from 0.1 to 3600");
  CHECK(complaint({"top", "actors", "-n", "0"})
        == "troupe top actors: --count '0': write a number from 1 upwards");
  CHECK(complaint({"top", "actors", "--agent", "localhost"})
        == "troupe top actors: --agent 'localhost': write IP:PORT, like 127.0.0.1:9912");
  CHECK(complaint({"top", "actors", "--fields", "actr"}).find("actor") != std::string::npos);
}

TEST_CASE("command line: doctor and version") {
  command_line_run run;
  REQUIRE(run({"doctor", "--cgroup", "/docker/abc", "-o", "json"}) == exit_done);
  CHECK(run.doctor->cgroup_path == "/docker/abc");
  CHECK(run.doctor->format == output_format::json);
  REQUIRE(run({"version", "-o", "yaml"}) == exit_done);
  CHECK(run.version->format == output_format::yaml);
  REQUIRE(run({"--version"}) == exit_done);
}

TEST_CASE("record: what it is asked, and what it cannot be asked") {
  command_line_run run;
  CHECK(run({"record", "-o", "day.rec", "--max-size", "100MiB", "--keep", "5", "--no-metadata",
             "--timeout", "60"})
        == exit_done);
  REQUIRE(run.record);
  CHECK(run.record->path == "day.rec");
  CHECK(run.record->file_bytes_max == 100U << 20);
  CHECK(run.record->files_kept == 5);
  CHECK_FALSE(run.record->metadata);
  CHECK(run.record->timeout == std::chrono::seconds{60});
  command_line_run plain;
  CHECK(plain({"record", "-o", "-"}) == exit_done);
  REQUIRE(plain.record);
  CHECK(plain.record->path == "-");
  CHECK(plain.record->metadata);
  CHECK(plain.record->file_bytes_max == 0);
  CHECK(complaint({"record"}) == "troupe record: say where to: -o FILE, or -o - for stdout");
  CHECK(complaint({"record", "-o", "x", "--max-size", "7"})
        == "troupe record: --max-size '7': write a size of at least 1MiB, like 100MiB");
  CHECK(complaint({"record", "-o", "-", "--max-size", "1MiB"})
        == "troupe record: --max-size: stdout cannot be begun anew; write -o FILE");
  CHECK(complaint({"record", "-o", "x", "--keep", "2"})
        == "troupe record: --keep '2': write a number up to 1000, beside --max-size");
}

TEST_CASE("replay: a file, its speed, and an endpoint only when asked") {
  command_line_run run;
  CHECK(run({"replay", "day.rec"}) == exit_done);
  REQUIRE(run.replay);
  CHECK(run.replay->path == "day.rec");
  CHECK(run.replay->speed == 0);
  CHECK(run.replay->config.agent.listen.empty());
  command_line_run paced;
  CHECK(paced({"replay", "-", "--speed", "2.5", "--listen", "127.0.0.1:9000", "-o", "json"})
        == exit_done);
  REQUIRE(paced.replay);
  CHECK(paced.replay->path == "-");
  CHECK(paced.replay->speed == 2.5);
  CHECK(paced.replay->config.agent.listen == "127.0.0.1:9000");
  CHECK(paced.replay->format == output_format::json);
  CHECK(complaint({"replay"}) == "troupe replay: say which recording: FILE, or - for stdin");
  CHECK(
      complaint({"replay", "x", "--speed", "fast"})
      == "troupe replay: --speed 'fast': write 1 for the recorded pace, 10 for ten times as fast, "
         "or max");
  const auto help = help_of({"replay"});
  CHECK(help.find("Usage: troupe replay FILE [flags]\n") != std::string::npos);
  CHECK(help.find("--docker-socket") == std::string::npos); // It asks no runtime.
  CHECK(complaint({"replay", "x", "--speed", "-1"}).find("--speed '-1'") != std::string::npos);
}

TEST_CASE("command line: ps has the scope and output flags of all, and its own") {
  command_line_run run;
  REQUIRE(run({"ps", "-c", "web", "-o", "json", "--fields", "pid,argv", "--timeout", "2"})
          == exit_done);
  REQUIRE(run.ps);
  CHECK(run.ps->scope.containers == std::vector<std::string>{"web"});
  CHECK(run.ps->output.format == output_format::json);
  CHECK(run.ps->output.fields.size() == 2);
  CHECK(run.ps->timeout == std::chrono::seconds{2});
  CHECK_FALSE(run.ps->all);
  REQUIRE(run({"ps", "--all", "--services"}) == exit_done);
  CHECK(run.ps->all);
  CHECK(run.ps->services);
  CHECK(complaint({"ps", "--fields", "rss"}).find("did you mean") != std::string::npos);
  command_line_run list;
  REQUIRE(list({"ps", "--list"}) == exit_done);
  CHECK_FALSE(list.ps);
  CHECK(list.output.out.text().find("cpu_time_ns") != std::string::npos);
}

TEST_CASE("command line: inspect takes targets, and shows secrets only with --env") {
  command_line_run run;
  REQUIRE(run({"inspect", "web", "/docker/db", "-o", "yaml", "4711"}) == exit_done);
  REQUIRE(run.inspect);
  CHECK(run.inspect->targets == std::vector<std::string>{"web", "/docker/db", "4711"});
  CHECK(run.inspect->output.format == output_format::yaml);
  CHECK_FALSE(run.inspect->environment);
  REQUIRE(run({"inspect", "web", "--env"}) == exit_done);
  CHECK(run.inspect->environment);
  REQUIRE(run({"inspect", "-n", "shop", "-r", "docker"}) == exit_done);
  CHECK(run.inspect->targets.empty());
  CHECK(run.inspect->scope.name_spaces == std::vector<std::string>{"shop"});
  CHECK(complaint({"inspect"})
        == "troupe inspect: say which container: its name, its id, or a pid");
  CHECK(complaint({"inspect", "web", "--fields", "mount"}).find("did you mean 'mounts'?")
        != std::string::npos);
  command_line_run list;
  REQUIRE(list({"inspect", "--list"}) == exit_done);
  CHECK(list.output.out.text().find("connections.rtt_ns") != std::string::npos);
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

TEST_CASE("top l7: which requests, how often, in which order") {
  command_line_run run;
  REQUIRE(run({"top", "l7"}) == exit_done);
  CHECK(run.top_l7->choice.scope.matches_all());
  CHECK(run.top_l7->interval == std::chrono::seconds{1});
  CHECK_FALSE(run.top_l7->count);
  CHECK_FALSE(run.top_l7->limit);
  CHECK(run.top_l7->order == l7_order::requests);
  REQUIRE(run({"top", "l7", "-c", "web", "-n", "shop", "--protocol", "http", "--once", "--sort",
               "p99", "--limit", "5", "--interval", "0.5", "-o", "json", "--allow-loss"})
          == exit_done);
  const auto& x = *run.top_l7;
  CHECK(x.choice.scope.containers == std::vector<std::string>{"web"});
  CHECK(x.choice.scope.name_spaces == std::vector<std::string>{"shop"});
  CHECK(x.choice.protocols == std::vector<l7_protocol>{l7_protocol::http});
  CHECK(x.count == 1);
  CHECK(x.limit == 5);
  CHECK(x.order == l7_order::p99);
  CHECK(x.interval == std::chrono::milliseconds{500});
  CHECK(x.output.format == output_format::json);
  CHECK(x.allow_loss);
  const std::map<std::vector<std::string>, std::string> wrong{
      {{"--protocol", "redsi"}, "did you mean 'redis'?"},
      {{"--sort", "fast"}, "--sort 'fast': write requests, failed, p50, p95 or p99"},
      {{"--limit", "0"}, "--limit '0': write a number from 1 upwards"},
      {{"--count", "x"}, "--count 'x': write a number from 1 upwards"},
      {{"--count", "2", "--once"}, "--once and --count 2 say different things"},
      {{"--interval", "0"}, "--interval '0': write seconds"},
      {{"--pid", "7"}, "--pid: rows are of whole containers; write -c"},
      {{"--fields", "p42_ns"}, "p42_ns"},
  };
  for (const auto& [flags, complaint] : wrong) {
    std::vector<std::string> command{"top", "l7"};
    command.insert(command.end(), flags.begin(), flags.end());
    command_line_run bad;
    CHECK(bad(command) == exit_usage);
    CHECK_FALSE(bad.top_l7);
    INFO(bad.output.err.text());
    CHECK(bad.output.err.text().find(complaint) != std::string::npos);
  }
}

TEST_CASE("map: for how long, of whom, in which format") {
  command_line_run run;
  REQUIRE(run({"map"}) == exit_done);
  CHECK_FALSE(run.map->duration);
  CHECK(run.map->format == map_format::text);
  CHECK(run.map->l7);
  CHECK(run.map->headers);
  for (const auto* flag : {"--format", "-o", "--output"}) {
    REQUIRE(run({"map", flag, "dot", "--duration", "1.5s", "-c", "web", "--no-headers"})
            == exit_done);
    CHECK(run.map->format == map_format::dot);
  }
  CHECK(run.map->duration == std::chrono::milliseconds{1500});
  CHECK(run.map->scope.containers == std::vector<std::string>{"web"});
  CHECK_FALSE(run.map->headers);
  REQUIRE(run({"map", "--l7", "false", "-o", "json"}) == exit_done);
  CHECK_FALSE(run.map->l7);
  CHECK(run.map->format == map_format::json);
  const std::map<std::vector<std::string>, std::string> wrong{
      {{"-o", "columns"}, "--format 'columns': write text, dot or json"},
      {{"--format", "jsn"}, "did you mean 'json'?"},
      {{"--duration", "10"}, "--duration '10': write a time with its unit, like 10s or 5m"},
      {{"--duration", "0s"}, "--duration '0s'"},
      {{"--pid", "7"}, "--pid: a map is of whole containers; write -c"},
  };
  for (const auto& [flags, complaint] : wrong) {
    std::vector<std::string> command{"map"};
    command.insert(command.end(), flags.begin(), flags.end());
    command_line_run bad;
    CHECK(bad(command) == exit_usage);
    CHECK_FALSE(bad.map);
    INFO(bad.output.err.text());
    CHECK(bad.output.err.text().find(complaint) != std::string::npos);
  }
}
