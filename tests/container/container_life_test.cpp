// SPDX-License-Identifier: Apache-2.0
#include "actors/container/container_account.hpp"

#include "tests/container/records.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace std::literals;
using namespace troupe;

namespace {

using names = std::vector<std::string>;

/// A container whose life is traced, fed by the records that runc's work makes.
struct fixture {
  container_account account{1, {.trace = trace_life}};
  record_writer w;

  void flush() { account.consume(w.take(), w.now_ns); }
  void name(uint32_t pid = 0) {
    container_named named;
    named.identity.container_id = "/docker/web";
    named.metadata.pid = pid;
    account.name(named);
  }
  void create(cgroup_id cgroup = 7) {
    flush();
    account.join({cgroup, w.now_ns += 1000, false});
  }
  void remove(cgroup_id cgroup = 7) {
    flush();
    account.leave({cgroup, w.now_ns += 1000});
  }

  std::vector<trace_event> events() {
    flush();
    std::vector<trace_event> result;
    while (auto batch = account.trace().next_batch())
      std::move(batch->events.begin(), batch->events.end(), std::back_inserter(result));
    return result;
  }
  /// "started 102": what happened, and to which process.
  names story() {
    names result;
    for (const auto& x : events()) {
      std::string line{to_string(std::get<life_trace>(x.detail).action)};
      result.push_back(x.process.pid == 0 ? line : line + " " + std::to_string(x.process.pid));
    }
    return result;
  }

  /// runc's three stages, as far as the last one waits for its program.
  void set_up(uint32_t first, uint64_t start) {
    const process_id stages[] = {{first, start}, {first + 1, start}, {first + 2, start}};
    w.moved(stages[0], "runc").executed(stages[0], "runc", "runc\0init\0"sv);
    w.forked(stages[1], stages[0], "runc:[0:PARENT]");
    w.forked(stages[2], stages[1], "runc:[1:CHILD]");
    w.exited(stages[1]).exited(stages[0]);
  }
};

constexpr process_id init{102, 10};
constexpr process_id second{202, 20};

} // namespace

TEST_CASE_FIXTURE(fixture, "life: created, started, an exec, its end, the end, gone") {
  name();
  create();
  set_up(100, 10);
  w.executed(init, "nginx", "nginx\0-g\0"sv);
  w.executed(init, "nginx", "nginx-debug\0"sv); // It may execute others: it has started already.
  w.forked({110, 11}, init).executed({110, 11}, "worker", "worker\0"sv);
  set_up(200, 20);
  w.executed(second, "sh", "sh\0-c\0true\0"sv).exited(second, 3);
  w.exited({110, 11}).exited(init, 0);
  remove();
  CHECK(story()
        == names{"created", "started 102", "exec 202", "exec_exited 202", "exited 102", "gone"});
}

TEST_CASE_FIXTURE(fixture, "life: what each event tells") {
  name();
  account.join({7, 77, false});
  set_up(100, 10);
  w.executed(init, "nginx", "nginx\0-g\0"sv);
  const auto began = events();
  REQUIRE(began.size() == 2);
  CHECK(began[0].time_ns == 77);
  CHECK(began[0].process == process_id{});
  CHECK(began[1].time_ns == w.now_ns);
  CHECK(began[1].comm == "nginx");
  CHECK(std::get<life_trace>(began[1].detail).argv == names{"nginx", "-g"});
  CHECK_FALSE(std::get<life_trace>(began[1].detail).exit_code);
  w.exited(init, 3, false, "nginx");
  const auto ended = events();
  REQUIRE(ended.size() == 1);
  const auto& detail = std::get<life_trace>(ended[0].detail);
  CHECK(detail.exit_code == 3);
  CHECK(detail.signal == 0);
  CHECK_FALSE(detail.oom);
  CHECK(detail.duration_ns == ended[0].time_ns - init.start_boottime_ns);
}

TEST_CASE_FIXTURE(fixture, "life: an exit by a signal has a shell's exit code") {
  name();
  create();
  set_up(100, 10);
  w.executed(init, "sleep").killed(init, 15);
  const auto seen = events();
  const auto& detail = std::get<life_trace>(seen.back().detail);
  CHECK(detail.exit_code == 143);
  CHECK(detail.signal == 15);
}

TEST_CASE_FIXTURE(fixture, "life: an exit whose record was lost has no code") {
  name();
  create();
  set_up(100, 10);
  w.executed(init, "sleep").exited(init, -1);
  CHECK_FALSE(std::get<life_trace>(events().back().detail).exit_code);
}

TEST_CASE_FIXTURE(fixture, "life: an OOM kill is told, of whichever process") {
  name();
  create();
  set_up(100, 10);
  w.executed(init, "sh").forked({110, 11}, init).exited({110, 11}, 0, true);
  CHECK(story() == names{"created", "started 102", "oom 110"});
  w.exited(init, 0, true);
  const auto seen = events();
  REQUIRE(seen.size() == 2);
  CHECK(std::get<life_trace>(seen[0].detail).action == life_action::oom);
  const auto& detail = std::get<life_trace>(seen[1].detail);
  CHECK(detail.action == life_action::exited);
  CHECK(detail.oom);
  CHECK(detail.exit_code == 137);
}

TEST_CASE_FIXTURE(fixture, "life: a program that cannot be executed never started") {
  name();
  create();
  set_up(100, 10);
  w.exited(init, 127);
  remove();
  CHECK(story() == names{"created", "gone"});
}

TEST_CASE_FIXTURE(fixture, "life: a startContainer hook is neither the init process nor an exec") {
  name();
  create();
  set_up(100, 10);
  const process_id hook{103, 11};
  w.forked(hook, init, "runc:[2:INIT]").executed(hook, "hook", "/bin/hook\0"sv);
  w.forked({104, 12}, hook, "hook").executed({104, 12}, "cat").exited({104, 12}).exited(hook);
  w.executed(init, "nginx");
  CHECK(story() == names{"created", "started 102"});
}

TEST_CASE_FIXTURE(fixture, "life: processes are put in by CLONE_INTO_CGROUP, too") {
  name();
  create();
  w.forked(init, {50, 1}, "crun").executed(init, "nginx");
  w.forked(second, {51, 1}, "crun").executed(second, "sh").exited(second).exited(init);
  CHECK(story() == names{"created", "started 102", "exec 202", "exec_exited 202", "exited 102"});
}

TEST_CASE_FIXTURE(fixture, "life: nested cgroups are no second beginning, and no end") {
  name();
  create(7);
  set_up(100, 10);
  w.executed(init, "systemd");
  create(8);
  remove(8);
  w.exited(init);
  create(9);
  remove(7);
  CHECK(story() == names{"created", "started 102", "exited 102"});
  remove(9);
  CHECK(story() == names{"gone"});
}

TEST_CASE_FIXTURE(fixture, "life: a restart is a life of its own") {
  name();
  for (uint32_t i = 1; i <= 2; ++i) {
    create(i);
    set_up(100 * i, i);
    w.executed({100 * i + 2, i}, "nginx").exited({100 * i + 2, i}, 1);
    remove(i);
  }
  CHECK(story()
        == names{"created", "started 102", "exited 102", "gone", "created", "started 202",
                 "exited 202", "gone"});
}

TEST_CASE_FIXTURE(fixture, "life: of a container that is older than the agent the runtime tells") {
  account.join({7, 0, false});
  w.found(init, "nginx").found({110, 11}, "worker");
  name(102);
  set_up(200, 20);
  w.executed(second, "sh").exited(second).exited({110, 11}).exited(init);
  CHECK(story() == names{"exec 202", "exec_exited 202", "exited 102"});
}

TEST_CASE_FIXTURE(fixture,
                  "life: a runtime that tells of the end first takes nothing from the kernel") {
  account.join({7, 0, false});
  w.found(init, "nginx");
  name(102);
  flush();
  name(0); // It runs no more, says the runtime.
  w.exited(init);
  CHECK(story() == names{"exited 102"});
}

TEST_CASE_FIXTURE(fixture, "life: one that was created and waits when the agent begins, starts") {
  account.join({7, 0, false});
  set_up(100, 10);
  SUBCASE("the runtime has told its pid") {
    name(102);
  }
  SUBCASE("nobody has told it, and it is the only process") {
    name();
  }
  w.executed(init, "nginx");
  set_up(200, 20);
  w.executed(second, "sh").exited(init);
  CHECK(story() == names{"started 102", "exec 202", "exited 102"});
}

TEST_CASE_FIXTURE(fixture, "life: without a beginning and without a pid a newcomer is an exec") {
  account.join({7, 0, false});
  w.found(init, "nginx");
  name();
  set_up(200, 20);
  w.executed(second, "sh").exited(second);
  CHECK(story() == names{"exec 202", "exec_exited 202"});
}

TEST_CASE_FIXTURE(fixture, "life: what a provisional container saw becomes the container's") {
  name();
  create(7);
  set_up(100, 10);
  w.executed(init, "nginx").exited(init);
  remove(7);

  // It is started again under another id: another container at first.
  container_account provisional{2, {.trace = trace_life}};
  const auto to_provisional = [&] {
    provisional.consume(w.take(), w.now_ns);
  };
  provisional.join({8, w.now_ns += 1000, false});
  set_up(200, 20);
  SUBCASE("as far as its start") {
    w.executed(second, "nginx");
    to_provisional();
  }
  SUBCASE("as far as its preparations") {
    to_provisional();
    w.executed(second, "nginx");
  }
  account.join({8, 0, true});
  account.merge(provisional.hand_over());
  name(202);
  set_up(300, 30);
  w.executed({302, 30}, "sh").exited({302, 30}).exited(second);
  remove(8);
  CHECK(story()
        == names{"created", "started 102", "exited 102", "gone", "created", "started 202",
                 "exec 302", "exec_exited 302", "exited 202", "gone"});
}

TEST_CASE_FIXTURE(fixture, "life: what ended under its provisional name has told of it all") {
  container_account provisional{2, {.trace = trace_life}};
  provisional.join({8, w.now_ns += 1000, false});
  set_up(100, 10);
  w.executed(init, "true").exited(init);
  provisional.consume(w.take(), w.now_ns);
  provisional.leave({8, w.now_ns += 1000});
  account.join({8, 0, true});
  account.leave({8, 0});
  account.merge(provisional.hand_over());
  name();
  CHECK(story() == names{"created", "started 102", "exited 102", "gone"});
}

TEST_CASE("life: nothing is traced where it was not asked for") {
  fixture f;
  f.account = container_account{1, {.trace = trace_none}};
  f.name();
  f.create();
  f.set_up(100, 10);
  f.w.executed(init, "nginx").exited(init, 0, true);
  f.remove();
  CHECK(f.events().empty());
}
