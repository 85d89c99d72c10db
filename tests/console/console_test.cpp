// SPDX-License-Identifier: Apache-2.0
#include "actors/console/console.hpp"
#include "actors/console/field_selection.hpp"
#include "tests/console/captured_output.hpp"
#include "tests/deterministic_system.hpp"

#include <doctest/doctest.h>

#include <array>
#include <csignal>
#include <fcntl.h>
#include <unistd.h>

using namespace troupe;

namespace {

stream_options pids_of_execs() {
  stream_options options;
  std::string error;
  options.output.fields = *select_fields(infos_of(event_fields(trace_kind::exec)), "pid",
                                         output_format::columns, error);
  options.output.headers = false;
  return options;
}

trace_batch execs_in(const std::string& name, container_key key, std::vector<uint32_t> pids) {
  trace_batch batch;
  batch.key = key;
  batch.identity.container_id = "/docker/" + name;
  batch.identity.container = name;
  for (const auto pid : pids) {
    trace_event event;
    event.process.pid = pid;
    event.detail = exec_trace{};
    batch.events.push_back(event);
  }
  return batch;
}

struct credits {
  std::vector<credit> granted;
};

/// Stands for the containers.
credit_actor::behavior_type container_stub(credit_actor::pointer, std::shared_ptr<credits> got) {
  return {[got](const credit& x) {
    got->granted.push_back(x);
  }};
}

struct console_fixture : deterministic_system {
  captured_descriptor out;
  std::shared_ptr<credits> got = std::make_shared<credits>();
  credit_actor container = spawn(container_stub, got);

  void send(const trace_console_actor& to, trace_batch batch) {
    caf::anon_send(to, std::move(batch), container);
    run();
  }
};

} // namespace

TEST_CASE_FIXTURE(console_fixture, "console: prints a batch and grants its container one credit") {
  const auto printer = spawn(console, pids_of_execs(), out.fd());
  send(printer, execs_in("web", 3, {7, 8}));
  CHECK(out.text() == "      7\n      8\n");
  REQUIRE(got->granted.size() == 1);
  CHECK(got->granted[0].container == 3);
  CHECK(got->granted[0].batches == 1);
}

TEST_CASE_FIXTURE(console_fixture, "console: grants credit also for what it does not show") {
  auto options = pids_of_execs();
  options.scope.containers = {"web"};
  const auto printer = spawn(console, options, out.fd());
  auto other = execs_in("db", 1, {1});
  other.dropped = 5;
  send(printer, std::move(other));
  auto ours = execs_in("web", 2, {2});
  ours.dropped = 3;
  send(printer, std::move(ours));
  CHECK(out.text() == "      2\n");
  CHECK(got->granted.size() == 2);
  const auto status = ask<console_status>(printer, get_status{});
  REQUIRE(status);
  CHECK(status->shown == 1);
  CHECK(status->filtered == 1);
  CHECK(status->dropped == 3); // What is out of scope is not missed.
}

TEST_CASE_FIXTURE(console_fixture, "console: prints the header before the first event") {
  auto options = pids_of_execs();
  options.output.headers = true;
  spawn(console, options, out.fd());
  run();
  CHECK(out.text() == "    PID\n");
}

TEST_CASE_FIXTURE(console_fixture, "console: ends quietly when nobody reads any more") {
  std::signal(SIGPIPE, SIG_IGN);
  std::array<int, 2> ends{};
  REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
  ::close(ends[0]);
  const auto printer = spawn(console, pids_of_execs(), ends[1]);
  caf::error reason = caf::sec::runtime_error;
  caf::actor_cast<caf::abstract_actor*>(printer)->attach_functor(
      [&](const caf::error& x) { reason = x; });
  send(printer, execs_in("web", 1, {7}));
  CHECK(ended(printer));
  CHECK_FALSE(reason);
  ::close(ends[1]);
}

TEST_CASE_FIXTURE(console_fixture, "console: a full disk is an error that says so") {
  const int full = ::open("/dev/full", O_WRONLY | O_CLOEXEC);
  REQUIRE(full >= 0);
  const auto printer = spawn(console, pids_of_execs(), full);
  caf::error reason;
  caf::actor_cast<caf::abstract_actor*>(printer)->attach_functor(
      [&](const caf::error& x) { reason = x; });
  send(printer, execs_in("web", 1, {7}));
  CHECK(ended(printer));
  CHECK(static_cast<ec>(reason.code()) == ec::output_failed);
  ::close(full);
}
