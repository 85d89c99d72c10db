// SPDX-License-Identifier: Apache-2.0
#include "actors/container/container_account.hpp"

#include "tests/container/records.hpp"

#include <doctest/doctest.h>

using namespace troupe;
using namespace std::string_view_literals;

namespace {

constexpr uint8_t all = trace_exec | trace_exit | trace_tcp | trace_oom;

struct fixture {
  container_account account{1, {.trace = all}};
  record_writer w;

  void flush() { account.consume(w.take(), w.now_ns); }
  void name(const std::string& id = "/docker/web") {
    container_named named;
    named.identity.container_id = id;
    named.metadata.runtime = runtime_kind::docker;
    named.metadata.id = "abc";
    named.metadata.labels["a"] = "b";
    account.name(named);
  }
  std::vector<trace_event> events() {
    flush();
    std::vector<trace_event> result;
    while (auto batch = account.trace().next_batch())
      std::move(batch->events.begin(), batch->events.end(), std::back_inserter(result));
    return result;
  }
  tcp_trace only_tcp() {
    const auto all_events = events();
    REQUIRE(all_events.size() == 1);
    return std::get<tcp_trace>(all_events[0].detail);
  }
};

} // namespace

TEST_CASE_FIXTURE(fixture, "trace: events wait for the container's name, in order") {
  w.executed({1, 1}, "sh", "sh\0-c\0\0x\0"sv).exited({1, 1}, 3);
  flush();
  CHECK(account.snapshot().traces_waiting > 0);
  CHECK_FALSE(account.trace().next_batch());
  name();
  const auto batch = account.trace().next_batch();
  REQUIRE(batch);
  CHECK(batch->key == 1);
  CHECK(batch->identity.container_id == "/docker/web");
  CHECK(batch->runtime == runtime_kind::docker);
  CHECK(batch->runtime_id == "abc");
  CHECK(batch->labels.at("a") == "b");
  CHECK(batch->dropped == 0);
  REQUIRE(batch->events.size() == 2);
  CHECK(batch->events[0].process == process_id{1, 1});
  CHECK(batch->events[0].comm == "sh");
  CHECK(std::get<exec_trace>(batch->events[0].detail).argv
        == std::vector<std::string>{"sh", "-c", "", "x"});
  CHECK(std::get<exit_trace>(batch->events[1].detail).exit_code == 3);
  CHECK_FALSE(account.trace().next_batch());
}

TEST_CASE_FIXTURE(fixture, "trace: runc's execution of its own copy is not the container's") {
  name();
  w.moved({1, 1}).executed({1, 1}, "runc", "runc\0init\0"sv);
  CHECK(events().empty());
  w.forked({2, 2}, {1, 1}).executed({2, 2}, "sh", "sh\0"sv);
  CHECK(events().size() == 1);
}

TEST_CASE_FIXTURE(fixture, "trace: an exit has its duration, and says when it was an OOM kill") {
  name();
  w.exited({1, second_ns}, 0, true, "eater");
  const auto seen = events();
  REQUIRE(seen.size() == 1);
  const auto& detail = std::get<exit_trace>(seen[0].detail);
  CHECK(seen[0].comm == "eater");
  CHECK(detail.oom);
  CHECK(detail.signal == 9);
  CHECK(detail.duration_ns == seen[0].time_ns - second_ns);
}

TEST_CASE_FIXTURE(fixture, "trace: source is the side that dialled, at both ends") {
  name();
  w.opened({.connect_ns = 7});
  auto detail = only_tcp();
  CHECK(detail.action == tcp_action::connect);
  CHECK_FALSE(detail.inbound);
  CHECK(detail.src == "10.0.0.1:40000");
  CHECK(detail.dst == "10.0.0.2:80");
  CHECK(detail.actual_dst == "10.0.0.2:80");
  CHECK(detail.duration_ns == 7);
  w.opened({.cookie = 2,
            .ends = endpoints("10.0.0.2", 80, "10.0.0.1", 40000),
            .direction = TCP_INBOUND});
  detail = only_tcp();
  CHECK(detail.action == tcp_action::accept);
  CHECK(detail.inbound);
  CHECK(detail.src == "10.0.0.1:40000");
  CHECK(detail.dst == "10.0.0.2:80");
}

TEST_CASE_FIXTURE(fixture,
                  "trace: a close has the totals, a failure its error, a listen its address") {
  name();
  w.closed({.opened_ns = w.now_ns}, {.sent = 1, .received = 2, .retransmits = 3, .srtt_us = 4});
  auto detail = only_tcp();
  CHECK(detail.action == tcp_action::close);
  CHECK(detail.bytes_sent == 1);
  CHECK(detail.bytes_received == 2);
  CHECK(detail.retransmits == 3);
  CHECK(detail.rtt_ns == 4000);
  CHECK(detail.duration_ns == 1'000'000);
  tcp_connection_totals failed{};
  failed.connection.header.kind = EVENT_TCP_CONNECT_FAILED;
  failed.connection.header.time_ns = 5;
  failed.connection.socket_cookie = 2;
  failed.connection.error = 111;
  w.add(failed);
  detail = only_tcp();
  CHECK(detail.action == tcp_action::connect_failed);
  CHECK(detail.error == 111);
  w.listen_opened(5, "::", 80);
  detail = only_tcp();
  CHECK(detail.action == tcp_action::listen);
  CHECK(detail.dst == "[::]:80");
  CHECK(detail.src.empty());
}

TEST_CASE_FIXTURE(fixture, "trace: what was there before the agent did not happen now") {
  name();
  w.opened({.flags = TCP_FLAG_ESTABLISHED | TCP_FLAG_PREEXISTING});
  w.listen_opened(5, "::", 80, {1, 1}, true);
  CHECK(events().empty());
}

TEST_CASE_FIXTURE(fixture, "trace: a repeated record is not traced again") {
  name();
  w.opened({}).opened({}).closed({}).closed({}).progress({}).exited({1, 1}).exited({1, 1});
  CHECK(events().size() == 3);
}

TEST_CASE_FIXTURE(fixture, "trace: a connection has its process' name, also after its end") {
  name();
  const process_id curl{100, 5 * second_ns};
  w.executed(curl, "curl").opened({}).exited(curl, 0, false, "curl");
  for (uint32_t i = 0; i < 2 * container_processes::ended_max; ++i)
    w.exited({1000 + i, 1});
  w.closed({});
  const auto seen = events();
  CHECK(seen[1].comm == "curl");
  CHECK(std::holds_alternative<tcp_trace>(seen.back().detail));
  CHECK(seen.back().comm == "curl");
}

TEST_CASE("trace: only what was asked for is made") {
  const auto count = [](uint8_t mask) {
    fixture f;
    f.account = container_account{1, {.trace = mask}};
    f.name();
    f.w.executed({1, 1}, "a").exited({1, 1}).exited({2, 2}, 0, true).opened({}).closed({});
    f.w.listen_opened(4, "::", 1).connect_failed({.cookie = 3, .flags = 0, .opened_ns = 0});
    return f.events().size();
  };
  CHECK(count(trace_none) == 0);
  CHECK(count(trace_exec) == 1);
  CHECK(count(trace_exit) == 2);
  CHECK(count(trace_oom) == 1);
  CHECK(count(trace_tcp) == 4);
  CHECK(count(all) == 7);
}

TEST_CASE_FIXTURE(fixture, "trace: without a name the oldest make room, and are counted") {
  for (uint32_t i = 1; i <= trace_backlog::events_max + 10; ++i)
    w.exited({i, i});
  flush();
  name();
  const auto batch = account.trace().next_batch();
  REQUIRE(batch);
  CHECK(batch->dropped == 10);
  CHECK(batch->events.size() == trace_maker::batch_events_max);
  CHECK(batch->events[0].process.pid == 11);
  CHECK(account.trace().next_batch()->dropped == 0);
}

TEST_CASE_FIXTURE(fixture, "trace: long command lines are bounded by their bytes") {
  const std::string argv(EVENT_ARGV_MAX, 'x');
  for (uint32_t i = 1; i <= 3000; ++i) {
    w.executed({i, i}, "a", argv);
    flush();
  }
  name();
  size_t bytes = 0;
  uint64_t dropped = 0;
  uint64_t kept = 0;
  while (auto batch = account.trace().next_batch()) {
    dropped += batch->dropped;
    kept += batch->events.size();
    for (const auto& event : batch->events)
      bytes += std::get<exec_trace>(event.detail).argv[0].size();
  }
  CHECK(bytes < trace_backlog::bytes_max);
  CHECK(kept > 500);
  CHECK(kept + dropped == 3000);
}

TEST_CASE_FIXTURE(fixture,
                  "trace: what a provisional container kept comes first, under the new name") {
  container_account provisional{2, {.trace = all}};
  w.exited({1, 1});
  provisional.consume(w.take(), w.now_ns);
  w.exited({2, 2});
  flush();
  account.merge(provisional.hand_over());
  name("/docker/adopted");
  const auto batch = account.trace().next_batch();
  REQUIRE(batch);
  CHECK(batch->identity.container_id == "/docker/adopted");
  REQUIRE(batch->events.size() == 2);
  CHECK(batch->events[0].process.pid == 1);
  CHECK(batch->events[1].process.pid == 2);
}
