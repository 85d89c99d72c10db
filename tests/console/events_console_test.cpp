// SPDX-License-Identifier: Apache-2.0
#include "actors/console/events_console.hpp"

#include "tests/console/captured_output.hpp"
#include "tests/deterministic_system.hpp"

#include <doctest/doctest.h>

#include <csignal>
#include <unistd.h>

using namespace troupe;

namespace {

struct events_fixture : deterministic_system {
  captured_output output;
  std::vector<credit> granted;
  credit_actor container = spawn([this](credit_actor::pointer) -> credit_actor::behavior_type {
    return {[this](const credit& x) {
      granted.push_back(x);
    }};
  });
  events_options options;

  events_fixture() {
    std::string error;
    options.output.fields = *select_fields(infos_of(life_fields()), "source,event,container_id",
                                           output_format::columns, error);
    options.output.headers = false;
  }

  static container_metadata docker(const std::string& name) {
    container_metadata result;
    result.runtime = runtime_kind::docker;
    result.id = name;
    result.name = name;
    return result;
  }
  static container_change change(runtime_event_kind kind, const std::string& name) {
    container_change result;
    result.kind = kind;
    result.metadata = docker(name);
    result.named = true;
    return result;
  }
  static trace_batch created(const std::string& name) {
    trace_batch batch;
    batch.key = 3;
    batch.identity.container_id = "/docker/" + name;
    batch.identity.container = name;
    trace_event event;
    event.detail = life_trace{};
    batch.events = {event};
    return batch;
  }
  console_status status_of(const events_console_actor& actor) {
    return ask<console_status>(actor, get_status{}).value();
  }
};

} // namespace

TEST_CASE_FIXTURE(events_fixture, "events console: prints what both tell, and grants credit") {
  const auto printer = spawn(events_console, options, output.streams());
  self->send(printer, created("web"), container);
  self->send(printer, change(runtime_event_kind::paused, "web"));
  run();
  CHECK(output.out.text()
        == "kernel   created         /docker/web\nruntime  paused          /docker/web\n");
  REQUIRE(granted.size() == 1);
  CHECK(granted[0].container == 3);
  const auto status = status_of(printer);
  CHECK(status.shown == 2);
  CHECK(status.filtered == 0);
}

TEST_CASE_FIXTURE(events_fixture, "events console: what it does not show it counts as such") {
  options.choice.scope.containers = {"web"};
  const auto printer = spawn(events_console, options, output.streams());
  auto other = created("db");
  other.dropped = 5;
  self->send(printer, std::move(other), container);
  auto ours = created("web");
  ours.dropped = 2;
  self->send(printer, std::move(ours), container);
  run();
  CHECK(granted.size() == 2);
  const auto status = status_of(printer);
  CHECK(status.shown == 1);
  CHECK(status.filtered == 1);
  CHECK(status.dropped == 2);
}

TEST_CASE_FIXTURE(events_fixture, "events console: what waits for a name is shown in the end") {
  const auto printer = spawn(events_console, options, output.streams());
  auto unnamed = change(runtime_event_kind::created, "web");
  unnamed.named = false;
  self->send(printer, unnamed);
  run();
  CHECK(output.out.text().empty());
  self->send(printer, change(runtime_event_kind::listed, "web"));
  run();
  CHECK(output.out.text() == "runtime  created         /docker/web\n");
}

TEST_CASE_FIXTURE(events_fixture, "events console: a runtime that stops answering leaves a gap") {
  const auto printer = spawn(events_console, options, output.streams());
  runtime_status docker_status;
  docker_status.endpoint = {runtime_kind::docker, "/run/docker.sock"};
  docker_status.present = true;
  docker_status.error = ec::runtime_unreachable;
  docker_status.message = "docker is away";
  const auto tell = [&](bool answering) {
    docker_status.answering = answering;
    self->send(printer, std::vector<runtime_status>{docker_status});
    run();
  };
  tell(false); // It never answered: nothing is missed.
  tell(true);
  CHECK(options.gaps->load() == 0);
  tell(false);
  tell(false);
  CHECK(options.gaps->load() == 1);
  tell(true);
  tell(false);
  CHECK(options.gaps->load() == 2);
  CHECK(output.err.text().find("troupe events: docker is away") != std::string::npos);
}

TEST_CASE_FIXTURE(events_fixture, "events console: ends when nobody reads any more") {
  std::signal(SIGPIPE, SIG_IGN);
  int ends[2] = {-1, -1};
  REQUIRE(::pipe(ends) == 0);
  ::close(ends[0]);
  const auto printer = spawn(events_console, options, output_streams{ends[1], 2});
  self->send(printer, created("web"), container);
  run();
  CHECK(ended(printer));
  ::close(ends[1]);
}
