// SPDX-License-Identifier: Apache-2.0

// What each command takes, and what it makes of it.

#include "tests/console/command_line_run.hpp"

using namespace troupe;

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
  for (const auto& [flags, what] : std::vector<std::pair<std::vector<std::string>, std::string>>{
           {{"--protocol", "htp"}, "unknown protocol; did you mean 'http'?; known: http, http2"},
           {{"--status", "6xx"}, "--status '6xx': write a code like 404, a class like 5xx, ok"},
           {{"--min-duration", "5"}, "--min-duration '5': write a time with its unit"}}) {
    const auto said = complaint({"trace", "l7"}, flags);
    CHECK_MESSAGE(said.find(what) != std::string::npos, said);
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
  for (const auto& [flags, what] : wrong) {
    const auto said = complaint({"top", "l7"}, flags);
    CHECK_MESSAGE(said.find(what) != std::string::npos, said);
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
  for (const auto& [flags, what] : wrong) {
    const auto said = complaint({"map"}, flags);
    CHECK_MESSAGE(said.find(what) != std::string::npos, said);
  }
}
