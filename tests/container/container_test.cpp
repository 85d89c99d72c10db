// SPDX-License-Identifier: Apache-2.0
#include "actors/container/container.hpp"

#include "tests/container/records.hpp"
#include "tests/deterministic_system.hpp"

#include <doctest/doctest.h>

#include <vector>

using namespace troupe;

namespace {

using heir_actor = caf::typed_actor<caf::reacts_to<container_inheritance>>;

struct fixture : deterministic_system {
  std::vector<credit> credits;
  std::vector<collected> snapshots;
  std::vector<trace_batch> traced;
  record_writer w;
  settings config;
  credit_actor reader;
  snapshot_sink_actor sink;

  fixture() {
    reader = spawn([this](credit_actor::pointer) -> credit_actor::behavior_type {
      return {[this](const credit& x) {
        credits.push_back(x);
      }};
    });
    sink = spawn([this](snapshot_sink_actor::pointer) -> snapshot_sink_actor::behavior_type {
      return {[this](const collected& x) {
        snapshots.push_back(x);
      }};
    });
  }

  container_actor make(container_key key, const console_actor& console = {}) {
    return spawn(container, key, config, console);
  }
  /// A console that prints nothing and grants credit only when `generous`.
  console_actor make_console(bool generous) {
    return spawn([this, generous](console_actor::pointer self_) -> console_actor::behavior_type {
      return {[=, this](const trace_batch& batch, const credit_actor& from) {
        traced.push_back(batch);
        if (generous)
          self_->send(from, credit{batch.key, 1});
      }};
    });
  }
  container_snapshot_ptr snapshot_of(const container_actor& actor) {
    self->send(actor, collect{++scrapes}, sink);
    run();
    REQUIRE_FALSE(snapshots.empty());
    REQUIRE(snapshots.back().scrape_id == scrapes);
    return snapshots.back().snapshot;
  }
  void hand_over(const container_actor& from, container_key key, const container_actor& to) {
    self->send(from, route_changed{1, key}, heir_actor{to});
  }
  uint64_t scrapes = 0;
  uint64_t cookie = 0;

  /// A batch with the whole life of one connection of 10 bytes.
  event_batch one_connection() {
    const test_connection c{.cookie = ++cookie};
    return w.opened(c).closed(c, {.sent = 10}).take();
  }
};

} // namespace

TEST_CASE_FIXTURE(fixture, "container: grants one credit for each batch, under its key") {
  const auto actor = make(42);
  for (int i = 0; i < 3; ++i)
    self->send(actor, one_connection(), reader);
  run();
  REQUIRE(credits.size() == 3);
  for (const auto& x : credits) {
    CHECK(x.container == 42);
    CHECK(x.batches == 1);
  }
}

TEST_CASE_FIXTURE(fixture, "container: a batch of garbage still gives its credit back") {
  const auto actor = make(1);
  self->send(actor, event_batch{std::vector<std::byte>(100), 3, 0, 0}, reader);
  run();
  CHECK(credits.size() == 1);
  CHECK(snapshot_of(actor)->events_invalid == 3);
}

TEST_CASE_FIXTURE(fixture, "container: a snapshot is what was counted so far, and never changes") {
  const auto actor = make(1);
  self->send(actor, one_connection(), reader);
  const auto before = snapshot_of(actor);
  CHECK(before->key == 1);
  CHECK_FALSE(before->exported);
  CHECK(before->outbound.at(0).bytes_sent == 10);
  self->send(actor, one_connection(), reader);
  container_named named;
  named.identity.container_id = "/docker/web";
  self->send(actor, named);
  self->send(actor, cgroup_joined{1, 0, true});
  self->send(actor, cgroup_left{1, 0});
  self->send(actor, tick{});
  const auto after = snapshot_of(actor);
  CHECK(before->outbound.at(0).bytes_sent == 10);
  CHECK(after->exported);
  CHECK(after->identity.container_id == "/docker/web");
  CHECK(after->restarts == 1);
  CHECK(after->outbound.at(0).bytes_sent == 20);
}

TEST_CASE_FIXTURE(fixture,
                  "container: the way from the kernel is measured on the clock of the kernel") {
  const auto actor = make(1);
  auto batch = one_connection();
  batch.first_time_ns = 1; // The machine's boot: long ago.
  self->send(actor, std::move(batch), reader);
  const auto s = snapshot_of(actor);
  CHECK(s->route_latency.sum_ns > 0);
}

TEST_CASE_FIXTURE(fixture, "container: what comes before an inheritance waits for it") {
  const auto provisional = make(7);
  const auto target = make(3);
  const test_connection c{.cookie = 1000};
  self->send(provisional, w.opened(c).take(), reader);
  self->send(target, inheritance_announced{7});
  self->send(target, w.closed(c, {.sent = 10}).take(), reader);
  // So many others, and so much later, that a connection which had ended here would be forgotten.
  w.now_ns += 10 * ended_kept_ns;
  for (size_t i = 0; i < 2 * ended_kept_max; ++i)
    self->send(target, one_connection(), reader);
  run();
  CHECK(credits.size() == 1);
  CHECK(snapshot_of(target)->events == 0);
  hand_over(provisional, 3, target);
  run();
  CHECK(ended(provisional));
  const auto s = snapshot_of(target);
  CHECK(s->outbound.at(0).successful_connects == 1 + 2 * ended_kept_max);
  CHECK(s->outbound.at(0).active_connections == 0);
  CHECK(s->outbound.at(0).bytes_sent == 10 * (1 + 2 * ended_kept_max));
  CHECK(credits.size() == 2 + 2 * ended_kept_max);
}

TEST_CASE_FIXTURE(fixture, "container: news of its cgroups keep their place behind what is held") {
  config.trace = trace_life;
  const auto console = make_console(true);
  const auto provisional = make(7, console);
  const auto target = make(3, console);
  self->send(target, container_named{});
  self->send(provisional, cgroup_joined{8, 1, false});
  self->send(provisional, w.moved({1, 1}).executed({1, 1}, "true").take(), reader);
  self->send(target, cgroup_joined{8, 0, true});
  self->send(target, inheritance_announced{7});
  self->send(target, w.exited({1, 1}).take(), reader);
  self->send(target, cgroup_left{8, 100});
  self->send(target, cgroup_joined{9, 200, true});
  run();
  CHECK(traced.empty());
  hand_over(provisional, 3, target);
  run();
  std::vector<life_action> story;
  for (const auto& batch : traced)
    for (const auto& event : batch.events)
      story.push_back(std::get<life_trace>(event.detail).action);
  CHECK(story
        == std::vector{life_action::created, life_action::started, life_action::exited,
                       life_action::gone, life_action::created});
  CHECK(snapshot_of(target)->restarts == 2);
}

TEST_CASE_FIXTURE(fixture, "container: hands over after the batches that came before, and ends") {
  const auto provisional = make(7);
  const auto target = make(3);
  for (int i = 0; i < 5; ++i)
    self->send(provisional, one_connection(), reader);
  hand_over(provisional, 3, target);
  run();
  CHECK(ended(provisional));
  CHECK(snapshot_of(target)->outbound.at(0).successful_connects == 5);
  REQUIRE(credits.size() == 5);
  for (const auto& x : credits)
    CHECK(x.container == 7);
}

TEST_CASE_FIXTURE(fixture, "container: waits for all inheritances, each once") {
  const auto target = make(3);
  self->send(target, inheritance_announced{7});
  self->send(target, inheritance_announced{8});
  self->send(target, one_connection(), reader);
  self->send(target, container_inheritance{7, nullptr}); // It failed.
  self->send(target, container_inheritance{7, nullptr});
  run();
  CHECK(credits.empty());
  SUBCASE("one that comes") {
    hand_over(make(8), 3, target);
  }
  SUBCASE("one that does not") {
    self->send(target, container_inheritance{8, nullptr});
  }
  run();
  CHECK(credits.size() == 1);
  self->send(target, one_connection(), reader);
  CHECK(snapshot_of(target)->outbound.at(0).successful_connects == 2);
}

TEST_CASE_FIXTURE(fixture, "container: a chain of hand-overs ends at the last one") {
  const auto first = make(1);
  const auto second = make(2);
  const auto third = make(3);
  self->send(first, one_connection(), reader);
  self->send(second, inheritance_announced{1});
  self->send(second, one_connection(), reader);
  self->send(third, inheritance_announced{2});
  self->send(third, one_connection(), reader);
  hand_over(second, 3, third);
  run();
  CHECK(credits.size() == 1);
  CHECK_FALSE(ended(second)); // It inherits first.
  hand_over(first, 2, second);
  run();
  CHECK(ended(first));
  CHECK(ended(second));
  CHECK(credits.size() == 3);
  CHECK(snapshot_of(third)->outbound.at(0).successful_connects == 3);
}

TEST_CASE_FIXTURE(fixture, "container: what it was told to hand over to itself it keeps") {
  const auto actor = make(1);
  self->send(actor, one_connection(), reader);
  hand_over(actor, 1, actor);
  self->send(actor, one_connection(), reader);
  CHECK(snapshot_of(actor)->outbound.at(0).successful_connects == 2);
  CHECK(credits.size() == 2);
}

TEST_CASE_FIXTURE(fixture, "container: ends when it is told to, after what came before") {
  const auto actor = make(7);
  self->send(actor, one_connection(), reader);
  self->send_exit(actor, caf::exit_reason::user_shutdown);
  run();
  CHECK(ended(actor));
  CHECK(credits.size() == 1);
}

TEST_CASE_FIXTURE(fixture, "container: traces go to the console once it has a name") {
  config.trace = trace_exec;
  const auto actor = make(5, make_console(true));
  self->send(actor, w.executed({1, 1}, "sh").take(), reader);
  run();
  CHECK(traced.empty());
  container_named named;
  named.identity.container_id = "/docker/web";
  self->send(actor, named);
  run();
  REQUIRE(traced.size() == 1);
  CHECK(traced[0].key == 5);
  CHECK(traced[0].identity.container_id == "/docker/web");
  CHECK(traced[0].events.size() == 1);
  self->send(actor, w.executed({2, 2}, "sh").take(), reader);
  run();
  CHECK(traced.size() == 2);
}

TEST_CASE_FIXTURE(fixture,
                  "container: eight trace batches are in flight, the rest waits for credit") {
  config.trace = trace_exec;
  const auto actor = make(5, make_console(false));
  self->send(actor, container_named{});
  for (uint32_t i = 1; i <= 20; ++i)
    self->send(actor, w.executed({i, i}, "sh").take(), reader);
  run();
  CHECK(traced.size() == 8);
  self->send(actor, credit{5, 1});
  run();
  REQUIRE(traced.size() == 9);
  CHECK(traced.back().events.size() == 12);
  CHECK(credits.size() == 20); // A slow terminal holds up nobody else.
}

TEST_CASE_FIXTURE(fixture, "container: without a console nothing is kept for one") {
  config.trace = trace_exec;
  const auto actor = make(5);
  self->send(actor, container_named{});
  self->send(actor, w.executed({1, 1}, "sh").take(), reader);
  run();
  CHECK(credits.size() == 1);
}

namespace {

/// Somebody who knows where everybody goes: to 10.1.0.7:8080. Or is silent.
struct translating : fixture {
  std::vector<nat_questions> asked;
  bool answers = true;

  translator_actor make_translator() {
    return spawn([this](translator_actor::pointer me) -> translator_actor::behavior_type {
      return {[this, me](const nat_questions& x) -> caf::result<nat_answers> {
        asked.push_back(x);
        if (!answers)
          return me->make_response_promise<nat_answers>(); // Never delivered.
        nat_answers result;
        for (const auto& question : x.asked) {
          nat_answer one{question.socket_cookie, {}, {}};
          std::copy(std::begin(question.ends.remote), std::end(question.ends.remote),
                    one.dialled.ip.begin());
          one.dialled.port = question.ends.remote_port;
          one.actual = one.dialled;
          one.actual.port = 8080;
          result.translated.push_back(one);
        }
        return result;
      }};
    });
  }
};

} // namespace

TEST_CASE_FIXTURE(translating, "container: connections count where the translator says they go") {
  const auto actor = make(5);
  self->send(actor, make_translator());
  self->send(actor, one_connection(), reader);
  self->send(actor, one_connection(), reader);
  run();
  CHECK(credits.size() == 2);
  REQUIRE_FALSE(asked.empty());
  CHECK(asked[0].container == 5);
  const auto snapshot = snapshot_of(actor);
  REQUIRE(snapshot->outbound.size() == 1);
  CHECK(snapshot->outbound[0].destination == "10.0.0.2:80");
  CHECK(snapshot->outbound[0].actual_destination == "10.0.0.2:8080");
  CHECK(snapshot->outbound[0].successful_connects == 2);
  CHECK(snapshot->nat.translated == 2);
}

TEST_CASE_FIXTURE(translating,
                  "container: a translator that is silent is waited for once, and not again "
                  "before a tick") {
  const auto actor = make(5);
  answers = false;
  self->send(actor, make_translator());
  self->send(actor, one_connection(), reader);
  run();
  CHECK(credits.size() == 1); // It holds nobody up.
  CHECK(snapshot_of(actor)->outbound.empty());
  advance(std::chrono::seconds{5});
  run();
  REQUIRE(snapshot_of(actor)->outbound.size() == 1);
  CHECK(snapshot_of(actor)->outbound[0].actual_destination == "10.0.0.2:80");
  self->send(actor, one_connection(), reader);
  run();
  CHECK(asked.size() == 1);
  CHECK(snapshot_of(actor)->outbound[0].successful_connects == 2);
  CHECK(snapshot_of(actor)->nat.unanswered == 1);
  answers = true;
  self->send(actor, tick{});
  self->send(actor, one_connection(), reader);
  run();
  CHECK(asked.size() == 2);
  CHECK(snapshot_of(actor)->nat.translated == 1);
}

TEST_CASE_FIXTURE(translating, "container: a translator that has ended keeps nobody waiting") {
  const auto actor = make(5);
  const auto translator = make_translator();
  self->send(actor, translator);
  caf::anon_send_exit(translator, caf::exit_reason::kill);
  run();
  self->send(actor, one_connection(), reader);
  run();
  REQUIRE(snapshot_of(actor)->outbound.size() == 1);
  CHECK(snapshot_of(actor)->outbound[0].actual_destination == "10.0.0.2:80");
}
