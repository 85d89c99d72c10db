// SPDX-License-Identifier: Apache-2.0
#include "actors/console/escape.hpp"
#include "actors/console/event_printer.hpp"
#include "actors/console/field_selection.hpp"

#include <doctest/doctest.h>
#include <simdjson.h>

#include <cerrno>
#include <sstream>

using namespace troupe;

namespace {

trace_event make_event(uint32_t pid, decltype(trace_event::detail) detail) {
  trace_event event;
  event.time_ns = 1'000'000'001;
  event.process = {pid, 1};
  event.comm = "sh";
  event.detail = std::move(detail);
  return event;
}

trace_batch batch_of(std::vector<trace_event> events) {
  trace_batch batch;
  batch.identity.container_id = "/docker/web";
  batch.identity.container = "web";
  batch.runtime = runtime_kind::docker;
  batch.runtime_id = "0123";
  batch.events = std::move(events);
  return batch;
}

stream_options options_for(trace_kind kind, output_format format, std::string_view fields = "") {
  stream_options options;
  options.kind = kind;
  options.output.format = format;
  std::string error;
  options.output.fields = *select_fields(infos_of(event_fields(kind)), fields, format, error);
  return options;
}

std::string printed(const stream_options& options, const trace_batch& batch,
                    std::optional<unsigned> terminal = std::nullopt) {
  std::string text;
  event_printer{options, terminal}.print(batch, 1'700'000'000'000'000'000, text);
  return text;
}

l7_trace hostile_request(const std::string& text) {
  l7_exchange x;
  x.protocol = l7_protocol::dns;
  x.operation = x.detail = x.method = x.subject = x.traceparent = text;
  return {std::make_shared<const l7_exchange>(std::move(x)), false, text, text};
}

const exec_trace echo{{"echo", "a b", "\x1b[2J"}, false, 6, 1000};
const exit_trace killed{0, 9, true, false, 1'500'000'000, 6, 1000};

} // namespace

TEST_CASE("events: an exec as JSON has the promised fields") {
  CHECK(
      printed(options_for(trace_kind::exec, output_format::json), batch_of({make_event(7, echo)}))
      == R"({"time":"2023-11-14T22:13:21.000000001Z","event":"exec","container_id":"/docker/web",)"
         R"("runtime":"docker","runtime_id":"0123","pid":7,"comm":"sh","ppid":6,"uid":1000,)"
         R"("argv_truncated":false,"argv":["echo","a b","\u001b[2J"]})"
         "\n");
}

TEST_CASE("events: an exit and an OOM kill as JSON") {
  const auto batch = batch_of({make_event(7, killed)});
  const auto exit = printed(options_for(trace_kind::exit, output_format::json), batch);
  CHECK(exit.find(R"("event":"exit")") != std::string::npos);
  CHECK(exit.find(R"("exit_code":0,"signal":9,"oom":true,"duration_ns":1500000000)")
        != std::string::npos);
  const auto oom = printed(options_for(trace_kind::oom, output_format::json), batch);
  CHECK(oom.find(R"("event":"oom")") != std::string::npos);
}

TEST_CASE("events: a connection as JSON") {
  tcp_trace tcp;
  tcp.action = tcp_action::connect_failed;
  tcp.src = "10.0.0.2:40000";
  tcp.dst = "10.0.0.3:80";
  tcp.actual_dst = "10.0.0.3:80";
  tcp.duration_ns = 5;
  tcp.error = ECONNREFUSED;
  const auto text =
      printed(options_for(trace_kind::tcp, output_format::json), batch_of({make_event(7, tcp)}));
  CHECK(text.find(R"("event":"tcp")") != std::string::npos);
  CHECK(text.find(R"("action":"connect_failed","direction":"outbound","src":"10.0.0.2:40000",)"
                  R"("dst":"10.0.0.3:80","actual_dst":"10.0.0.3:80","bytes_sent":0,)"
                  R"("bytes_received":0,"rtt_ns":0,"retransmits":0,"duration_ns":5,)"
                  R"("error":"ECONNREFUSED"})")
        != std::string::npos);
}

TEST_CASE("events: columns escape what a container wrote") {
  const auto options = options_for(trace_kind::exec, output_format::columns, "pid,comm,argv");
  CHECK(printed(options, batch_of({make_event(7, echo)}))
        == "      7  sh               echo a b \\x1b[2J\n");
  CHECK(event_printer{options, std::nullopt}.header() == "    PID  COMM             ARGV\n");
}

TEST_CASE("events: headers only for columns, and not when they are not wanted") {
  auto options = options_for(trace_kind::exec, output_format::columns);
  options.output.headers = false;
  CHECK(event_printer{options, std::nullopt}.header().empty());
  for (const auto format : {output_format::json, output_format::yaml})
    CHECK(event_printer{options_for(trace_kind::exec, format), std::nullopt}.header().empty());
}

TEST_CASE("events: in a terminal no line is wider, whatever is traced") {
  auto exec = echo;
  exec.argv.assign(200, "argument");
  tcp_trace tcp;
  tcp.src = tcp.dst = tcp.actual_dst = "[2001:db8:1111:2222:3333:4444:5555:6666]:65535";
  for (const auto format : {output_format::columns, output_format::wide})
    for (unsigned width = 40; width < 200; width += 7) {
      const auto one = options_for(trace_kind::exec, format);
      const auto two = options_for(trace_kind::tcp, format);
      std::istringstream lines{printed(one, batch_of({make_event(7, exec)}), width)
                               + printed(two, batch_of({make_event(7, tcp)}), width)
                               + event_printer{one, width}.header()
                               + event_printer{two, width}.header()};
      for (std::string line; std::getline(lines, line);)
        CHECK(display_width(line) <= width);
    }
}

TEST_CASE("events: other kinds, other pids and other containers are not shown") {
  const auto batch = batch_of({make_event(7, echo), make_event(8, killed), make_event(9, echo)});
  auto options = options_for(trace_kind::exec, output_format::columns, "pid");
  CHECK(printed(options, batch) == "      7\n      9\n");
  options.scope.pids = {9};
  CHECK(printed(options, batch) == "      9\n");
  options.scope.containers = {"db"};
  CHECK(printed(options, batch).empty());
  CHECK_FALSE(event_printer{options, std::nullopt}.shows(batch));
}

TEST_CASE("events: a runtime's own helpers are shown only when asked for") {
  auto helper = killed;
  helper.setup = true;
  const auto batch = batch_of({make_event(7, helper), make_event(8, killed)});
  auto options = options_for(trace_kind::exit, output_format::columns, "pid");
  CHECK(printed(options, batch) == "      8\n");
  options.setup = true;
  CHECK(printed(options, batch) == "      7\n      8\n");
}

TEST_CASE("events: every field of every kind is valid JSON on hostile input") {
  const std::string hostile("\x00\x1b\"\\\xff\xe2\x80\xae\n", 10);
  tcp_trace tcp;
  tcp.src = tcp.dst = tcp.actual_dst = hostile;
  tcp.error = 100'000;
  exit_trace exit = killed;
  exit.signal = 200;
  auto batch = batch_of({make_event(7, exec_trace{{hostile, ""}, true, 0, 0}), make_event(7, exit),
                         make_event(7, tcp), make_event(7, hostile_request(hostile))});
  batch.identity = {hostile, hostile, hostile, hostile, hostile, true};
  batch.runtime_id = hostile;
  batch.labels = {{hostile, hostile}};
  for (auto& event : batch.events)
    event.comm = hostile;
  for (const auto kind : {trace_kind::exec, trace_kind::exit, trace_kind::tcp, trace_kind::oom,
                          trace_kind::l7, trace_kind::dns}) {
    std::string all;
    for (const auto& x : event_fields(kind))
      all += (all.empty() ? "" : ",") + std::string{x.info.name};
    const auto text = printed(options_for(kind, output_format::json, all), batch);
    CHECK(std::count(text.begin(), text.end(), '\n') == 1);
    simdjson::dom::parser parser;
    CHECK(parser.parse(text).error() == simdjson::SUCCESS);
    const auto columns = printed(options_for(kind, output_format::columns, all), batch);
    CHECK(std::count(columns.begin(), columns.end(), '\n') == 1);
    CHECK(columns.find('\x1b') == std::string::npos);
  }
}
