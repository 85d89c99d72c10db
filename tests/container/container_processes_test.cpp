// SPDX-License-Identifier: Apache-2.0
#include "actors/container/container_account.hpp"

#include "tests/container/records.hpp"

#include <doctest/doctest.h>

using namespace std::literals;
using namespace troupe;

namespace {

struct fixture {
  container_account account{1, {.trace = trace_exit}};
  record_writer w;

  fixture() { account.name({}); }

  uint64_t processes() {
    account.consume(w.take(), w.now_ns);
    return account.snapshot().processes;
  }
  /// Of each process that ended so far: whether it was a set-up process.
  std::vector<bool> setups() {
    account.consume(w.take(), w.now_ns);
    std::vector<bool> result;
    while (auto batch = account.trace().next_batch())
      for (const auto& event : batch->events)
        result.push_back(std::get<exit_trace>(event.detail).setup);
    return result;
  }
};

constexpr process_id shim{50, 1};
constexpr process_id parent{100, 10}; ///< runc's stage 0, moved into the cgroup
constexpr process_id child{101, 11};  ///< stage 1
constexpr process_id init{102, 12};   ///< stage 2, becomes the container's first process

} // namespace

TEST_CASE_FIXTURE(fixture,
                  "processes: of runc's three stages the one that execs is the container's") {
  w.moved(parent).forked(child, parent, "runc:[1:CHILD]").forked(init, child, "runc:[2:INIT]");
  CHECK(processes() == 0);
  w.exited(child).exited(parent);
  w.executed(init, "nginx");
  CHECK(processes() == 1);
  w.exited(init, 3);
  CHECK(processes() == 0);
  CHECK(setups() == std::vector<bool>{true, true, false});
}

TEST_CASE_FIXTURE(fixture,
                  "processes: runc's copy of itself, run after the move, is still set-up") {
  w.moved(parent, "runc").executed(parent, "runc", "runc\0init\0"sv);
  w.forked(child, parent, "runc:[1:CHILD]").forked(init, child, "runc:[2:INIT]");
  CHECK(processes() == 0);
  w.exited(child).exited(parent).executed(init, "nginx", "nginx\0"sv).exited(init);
  CHECK(setups() == std::vector<bool>{true, true, false});
}

TEST_CASE_FIXTURE(fixture, "processes: nothing hides behind runc's name") {
  w.moved(parent).forked(init, parent).executed(init, "runc", "runc\0init\0"sv);
  CHECK(processes() == 1);
  w.moved({200, 20}).executed({200, 20}, "runc", "runc\0init\0now\0"sv);
  w.moved({201, 21}).executed({201, 21}, "init", "sh\0init\0"sv);
  CHECK(processes() == 3);
}

TEST_CASE_FIXTURE(fixture, "processes: what the container's own process forks is the container's") {
  w.moved(init).executed(init, "sh").forked({103, 13}, init).forked({104, 14}, {103, 13});
  CHECK(processes() == 3);
  w.exited({104, 14}).exited({103, 13}).exited(init);
  CHECK(setups() == std::vector<bool>{false, false, false});
}

TEST_CASE_FIXTURE(fixture, "processes: exec'ing into a container is set up the same way") {
  w.executed(init, "nginx");
  w.moved({200, 20}).forked({201, 21}, {200, 20}).exited({200, 20}).executed({201, 21}, "sh");
  CHECK(processes() == 2);
  CHECK(setups() == std::vector<bool>{true});
}

TEST_CASE_FIXTURE(fixture, "processes: a move within the container makes nobody a set-up process") {
  w.executed(init, "systemd").moved(init, "systemd");
  CHECK(processes() == 1);
}

TEST_CASE_FIXTURE(fixture, "processes: one that moves to another container is no longer counted") {
  w.executed(init, "nginx").forked({103, 13}, init).departed({103, 13});
  CHECK(processes() == 1);
  w.departed({103, 13}).departed({104, 14});
  CHECK(processes() == 1);
  w.exited({103, 13}); // Told elsewhere, but if it is told here it changes nothing.
  CHECK(processes() == 1);
}

TEST_CASE_FIXTURE(fixture, "processes: one that comes back is what it was") {
  // Into a nested cgroup that nobody knew as ours at the time of the move.
  w.executed(init, "systemd").departed(init).moved(init, "systemd");
  CHECK(processes() == 1);
  for (uint32_t i = 0; i <= container_processes::departed_max; ++i)
    w.forked({1000 + i, 20}, init).departed({1000 + i, 20});
  w.moved({1000, 20}); // So long ago that it is a stranger.
  CHECK(processes() == 1);
  w.moved({1001, 20});
  CHECK(processes() == 2);
}

TEST_CASE_FIXTURE(fixture, "processes: one that is born within by a forker outside is set up") {
  account.join({7, 5, false});
  w.forked(init, shim).executed(init, "runc", "runc\0init\0"sv);
  CHECK(processes() == 0);
  w.executed(init, "nginx", "nginx\0"sv).forked(child, init);
  CHECK(processes() == 2);
}

TEST_CASE_FIXTURE(fixture, "processes: a pid that is given out again is another process") {
  w.executed({7, 1}, "a").exited({7, 1}).forked({7, 2}, shim);
  CHECK(processes() == 1);
  w.exited({7, 1}); // The first one's end again.
  CHECK(processes() == 1);
  w.forked({7, 3}, shim); // The end of the second one was lost.
  CHECK(processes() == 1);
  w.executed({7, 2}, "late");
  CHECK(processes() == 1);
  w.exited({7, 3});
  CHECK(processes() == 0);
}

TEST_CASE_FIXTURE(fixture, "processes: one that ended does not come back by a late record") {
  w.exited({7, 1}).forked({7, 1}, shim).executed({7, 1}, "a").found({7, 1}, "a");
  CHECK(processes() == 0);
  CHECK(setups() == std::vector<bool>{false});
}

TEST_CASE_FIXTURE(fixture, "processes: an exec that overtakes its fork stays an exec") {
  w.moved(parent).executed(child, "sh").forked(child, parent, "runc");
  CHECK(processes() == 1);
}

TEST_CASE_FIXTURE(fixture, "processes: what the walk at the start finds is the container's") {
  w.found({7, 1}, "nginx").found({8, 1}, "nginx").found({7, 1}, "nginx");
  CHECK(processes() == 2);
}

TEST_CASE("processes: the name is known while it runs, shortly after, and after an exec") {
  container_processes table;
  record_writer w;
  process_executed executed{};
  executed.header.pid = 7;
  executed.header.start_boottime_ns = 1;
  set_comm(executed.comm, "nginx");
  table.executed(executed, {});
  CHECK(table.comm_of({7, 1}) == "nginx");
  CHECK(table.comm_of({7, 2}).empty());
  process_exited exited{};
  exited.header = executed.header;
  std::memset(exited.comm, 'x', sizeof(exited.comm)); // Without a NUL.
  table.exited(exited);
  CHECK(table.comm_of({7, 1}) == std::string(16, 'x'));
  for (uint32_t i = 0; i < container_processes::ended_max; ++i) {
    exited.header.pid = 1000 + i;
    table.exited(exited);
  }
  CHECK(table.comm_of({7, 1}).empty());
}

TEST_CASE_FIXTURE(fixture, "processes: their number is bounded, the oldest makes room") {
  for (uint32_t i = 1; i <= container_processes::processes_max + 10; ++i)
    w.found({i, i}, "a");
  CHECK(processes() == container_processes::processes_max);
  w.exited({container_processes::processes_max + 10, container_processes::processes_max + 10});
  CHECK(processes() == container_processes::processes_max - 1);
}
