// SPDX-License-Identifier: Apache-2.0
#include "actors/bpf_reader/process_table.hpp"
#include "tests/bpf_reader/records.hpp"

#include <doctest/doctest.h>

using namespace troupe;

TEST_CASE("process table: a move names the cgroup that was left") {
  process_table table;
  table.note(forked(1));
  CHECK(table.note(moved(2)).left == 1);
  CHECK(table.note(moved(2)).left == 0);
  CHECK(table.note(moved(3)).left == 2);
}

TEST_CASE("process table: an exit from elsewhere names where the process was known") {
  process_table table;
  table.note(forked(1));
  table.note(moved(2));
  CHECK(table.note(exited(1)).left == 2);
  CHECK(table.size() == 0);
  table.note(forked(1));
  CHECK(table.note(exited(1)).left == 0);
  CHECK(table.note(exited(1)).left == 0);
}

TEST_CASE("process table: a pid that is used again is another process") {
  process_table table;
  table.note(forked(1, 100, 1000));
  const auto second = table.note(moved(2, 100, 2000));
  CHECK(second.left == 0);
  REQUIRE(second.lost_exit);
  CHECK(second.lost_exit->header.cgroup_id == 1);
  CHECK(second.lost_exit->header.start_boottime_ns == 1000);
  CHECK(second.lost_exit->exit_code == -1);
  table.note(exited(1, 100, 1000)); // Late, and not of the one that has the pid now.
  CHECK(table.size() == 1);
  table.note(exited(2, 100, 2000));
  CHECK(table.size() == 0);
}

TEST_CASE("process table: what a walk finds is news only when it was not known so") {
  process_table table;
  table.note(forked(1));
  CHECK_FALSE(table.note(found(1)).news);
  const auto elsewhere = table.note(found(2));
  CHECK(elsewhere.news);
  CHECK(elsewhere.left == 1);
  CHECK(table.note(found(2, 101)).news);
}

TEST_CASE("process table: who is not found by a walk has exited, but for the young") {
  process_table table;
  table.note(forked(1, 100, 1000));
  table.note(forked(1, 101, 1000));
  table.note(forked(1, 102, 9000));
  table.begin_walk();
  table.note(found(1, 100, 1000));
  const auto gone = table.end_walk(5000, 77);
  REQUIRE(gone.size() == 1);
  CHECK(gone[0].header.pid == 101);
  CHECK(gone[0].header.start_boottime_ns == 1000);
  CHECK(gone[0].header.cgroup_id == 1);
  CHECK(gone[0].header.time_ns == 77);
  CHECK(gone[0].header.kind == EVENT_PROCESS_EXITED);
  CHECK(gone[0].exit_code == -1);
  CHECK(table.size() == 2);
}

TEST_CASE("process table: a cgroup that nobody wants takes its processes along") {
  process_table table;
  for (uint32_t pid = 1; pid <= 100; ++pid)
    table.note(forked(1 + pid % 2, pid));
  table.forget(1);
  CHECK(table.size() == 50);
}
