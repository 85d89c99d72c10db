// SPDX-License-Identifier: Apache-2.0

#include "actors/supervisor/roster.hpp"

#include <doctest/doctest.h>

using namespace troupe;
using namespace std::chrono_literals;

namespace {

const steady_time begin{};

/// Starts whatever may start now; says in which order.
std::vector<role> start_all(roster& children, steady_time now) {
  std::vector<role> order;
  while (auto child = children.next_to_start(now)) {
    children.started(*child, now);
    order.push_back(*child);
  }
  return order;
}

} // namespace

TEST_CASE("roster: children start in order") {
  roster children;
  CHECK_FALSE(children.complete());
  CHECK(start_all(children, begin)
        == std::vector{role::console, role::host, role::runtime_metadata, role::registry,
                       role::bpf_reader, role::gc_ticker, role::exporter,
                       role::kubernetes_workloads});
  CHECK(children.complete());
}

TEST_CASE("roster: who is left out keeps nobody waiting") {
  roster children;
  children.leave_out(role::console);
  children.leave_out(role::exporter);
  CHECK(start_all(children, begin).size() == 6);
  CHECK(children.complete());
}

TEST_CASE("roster: the wait doubles from 100 ms to 10 s, then it is given up") {
  roster children;
  auto now = begin;
  start_all(children, now);
  std::vector<int64_t> waits;
  while (auto wait = children.failed(role::exporter, now)) {
    waits.push_back(wait->count());
    CHECK_FALSE(children.next_to_start(now + *wait - 1ms));
    now += *wait;
    CHECK(children.next_to_start(now) == role::exporter);
    children.started(role::exporter, now);
  }
  CHECK(waits == std::vector<int64_t>{100, 200, 400, 800, 1600, 3200, 6400, 10000});
  CHECK(children.restarts(role::exporter) == 8);
}

TEST_CASE("roster: a healthy minute clears the failures") {
  roster children;
  start_all(children, begin);
  CHECK(children.failed(role::host, begin) == 100ms);
  children.started(role::host, begin);
  CHECK(children.failed(role::host, begin + 59s) == 200ms);
  children.started(role::host, begin + 60s);
  CHECK(children.failed(role::host, begin + 120s) == 100ms);
}

TEST_CASE("roster: the registry takes reader and ticker with it, and comes back before them") {
  roster children;
  start_all(children, begin);
  REQUIRE(children.failed(role::registry, begin));
  CHECK(children.to_stop() == std::vector{role::bpf_reader, role::gc_ticker});
  children.stopping(role::bpf_reader, begin);
  children.stopping(role::gc_ticker, begin);
  CHECK(children.to_stop().empty());
  children.stopped(role::gc_ticker);
  CHECK_FALSE(children.next_to_start(begin + 50ms));
  // The old reader must be gone before there is a new one: both would attach.
  CHECK(start_all(children, begin + 100ms) == std::vector{role::registry, role::gc_ticker});
  children.stopped(role::bpf_reader);
  CHECK(start_all(children, begin + 100ms) == std::vector{role::bpf_reader});
  CHECK(children.restarts(role::registry) == 1);
  CHECK(children.restarts(role::bpf_reader) == 1);
  CHECK(children.restarts(role::host) == 0);
}

TEST_CASE("roster: nobody else's end takes others with it") {
  for (auto child : {role::host, role::runtime_metadata, role::bpf_reader, role::gc_ticker,
                     role::exporter, role::kubernetes_workloads}) {
    roster children;
    start_all(children, begin);
    REQUIRE(children.failed(child, begin));
    CHECK(children.to_stop().empty());
    CHECK(start_all(children, begin + 100ms) == std::vector{child});
  }
}

TEST_CASE("roster: a child that does not end is overdue") {
  roster children;
  start_all(children, begin);
  children.stopping(role::bpf_reader, begin);
  CHECK_FALSE(children.overdue(begin + 9s));
  CHECK(children.overdue(begin + 10s) == role::bpf_reader);
}
