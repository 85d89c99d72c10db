// SPDX-License-Identifier: Apache-2.0
#include "actors/console/life_feed.hpp"

#include "actors/console/field_selection.hpp"
#include "actors/console/record_writer.hpp"

#include <doctest/doctest.h>

#include <utility>

using namespace std::literals;
using namespace troupe;

namespace {

using names = std::vector<std::string>;

constexpr int64_t boot = 1'700'000'000'000'000'000; ///< Unix time of the machine's boot
constexpr int64_t ms = 1'000'000;

container_metadata web() {
  container_metadata result;
  result.runtime = runtime_kind::docker;
  result.id = std::string(64, 'a');
  result.name = "web";
  result.image = "nginx:1";
  result.state = container_state::running;
  return result;
}

container_change change(runtime_event_kind kind, int64_t heard_ms = 0) {
  container_change result;
  result.kind = kind;
  result.metadata = web();
  result.named = true;
  result.heard_ns = boot + heard_ms * ms;
  result.time_ns = result.heard_ns - 1;
  return result;
}

trace_batch batch(std::vector<std::pair<life_action, int64_t>> actions, uint32_t pid = 7) {
  trace_batch result;
  result.identity.container_id = "/docker/web";
  result.identity.container = "web";
  result.runtime = runtime_kind::docker;
  result.runtime_id = web().id;
  for (const auto& [action, at_ms] : actions) {
    trace_event event;
    event.time_ns = static_cast<uint64_t>(at_ms * ms);
    event.process = {pid, 1};
    life_trace life;
    life.action = action;
    event.detail = life;
    result.events.push_back(std::move(event));
  }
  return result;
}

struct fixture {
  life_feed feed{{}};
  life_feed::time_point now{};

  std::vector<life_row> take(const trace_batch& x) { return feed.take(x, boot); }
  std::vector<life_row> take(const container_change& x) { return feed.take(x, now); }
  /// The only row.
  life_row one(const auto& x) {
    auto rows = take(x);
    REQUIRE(rows.size() == 1);
    return rows[0];
  }
};

} // namespace

TEST_CASE_FIXTURE(fixture, "life feed: a runtime's event is named as the kernel's is") {
  for (const auto& [kind, name] : std::vector<std::pair<runtime_event_kind, std::string>>{
           {runtime_event_kind::created, "created"},
           {runtime_event_kind::started, "started"},
           {runtime_event_kind::exec_started, "exec"},
           {runtime_event_kind::exec_exited, "exec_exited"},
           {runtime_event_kind::oom_killed, "oom"},
           {runtime_event_kind::exited, "exited"},
           {runtime_event_kind::paused, "paused"},
           {runtime_event_kind::resumed, "resumed"},
           {runtime_event_kind::renamed, "renamed"},
           {runtime_event_kind::health_changed, "health_changed"},
           {runtime_event_kind::updated, "updated"},
           {runtime_event_kind::removed, "removed"}}) {
    const auto row = one(change(kind));
    CHECK(row.event == name);
    CHECK(row.source == life_source::runtime);
    CHECK(row.identity.container_id == "/docker/web");
    CHECK(std::count(life_event_names().begin(), life_event_names().end(), name) == 1);
  }
  CHECK(take(change(runtime_event_kind::listed)).empty());
}

TEST_CASE_FIXTURE(fixture, "life feed: the kernel's rows have what a runtime has told") {
  auto row = one(batch({{life_action::created, 1}}));
  CHECK(row.source == life_source::kernel);
  CHECK(row.time_ns == boot + ms);
  CHECK(row.metadata.id == web().id);
  CHECK(row.metadata.image.empty());
  CHECK(take(change(runtime_event_kind::listed)).empty());
  CHECK(one(batch({{life_action::gone, 1}})).metadata.image == "nginx:1");
}

TEST_CASE_FIXTURE(fixture, "life feed: the delay is the runtime's, whichever row comes second") {
  CHECK_FALSE(one(batch({{life_action::started, 10}})).delay_ns);
  CHECK(one(change(runtime_event_kind::started, 25)).delay_ns == 15 * ms);
  CHECK_FALSE(one(change(runtime_event_kind::exited, 125)).delay_ns);
  CHECK(one(batch({{life_action::exited, 100}})).delay_ns == 25 * ms);
  CHECK_FALSE(one(change(runtime_event_kind::created, 200)).delay_ns);
  CHECK(one(batch({{life_action::created, 250}})).delay_ns == -50 * ms);
}

TEST_CASE_FIXTURE(fixture, "life feed: each event has one partner, in their order") {
  take(batch({{life_action::oom, 10}, {life_action::oom, 20}}));
  CHECK(one(change(runtime_event_kind::oom_killed, 30)).delay_ns == 20 * ms);
  CHECK(one(change(runtime_event_kind::oom_killed, 50)).delay_ns == 30 * ms);
  CHECK_FALSE(one(change(runtime_event_kind::oom_killed, 60)).delay_ns);
}

TEST_CASE_FIXTURE(fixture, "life feed: execs are told apart by their pids, where both tell them") {
  take(batch({{life_action::exec, 10}}, 100));
  take(batch({{life_action::exec, 20}}, 200));
  auto second = change(runtime_event_kind::exec_started, 25);
  second.exec = {"x", "sh -c true", 200, {}};
  const auto row = one(second);
  CHECK(row.delay_ns == 5 * ms);
  CHECK(row.pid == 200);
  CHECK(row.command == "sh -c true");
  CHECK(one(change(runtime_event_kind::exec_started, 30)).delay_ns == 20 * ms);
}

TEST_CASE_FIXTURE(fixture, "life feed: what is far apart, or of others, is not the same event") {
  take(change(runtime_event_kind::created, 0));
  CHECK_FALSE(one(batch({{life_action::created, 3'600'000}})).delay_ns);
  take(batch({{life_action::started, 10}}));
  auto other = change(runtime_event_kind::started, 11);
  other.metadata.id = std::string(64, 'b');
  CHECK_FALSE(one(other).delay_ns);
  CHECK_FALSE(one(change(runtime_event_kind::exited, 11)).delay_ns);
}

TEST_CASE_FIXTURE(fixture, "life feed: an event waits for its container's name") {
  auto created = change(runtime_event_kind::created);
  created.named = false;
  created.metadata.name.clear();
  auto started = created;
  started.kind = runtime_event_kind::started;
  CHECK(take(created).empty());
  CHECK(take(started).empty());
  CHECK(feed.waits());
  SUBCASE("which a look-up brings") {
    const auto rows = take(change(runtime_event_kind::listed));
    REQUIRE(rows.size() == 2);
    CHECK(rows[0].event == "created");
    CHECK(rows[1].event == "started");
    CHECK(rows[1].identity.container_id == "/docker/web");
  }
  SUBCASE("but not for ever") {
    CHECK(feed.take_overdue(now + life_feed::patience - 1ms).empty());
    const auto rows = feed.take_overdue(now + life_feed::patience);
    REQUIRE(rows.size() == 2);
    CHECK(rows[0].identity.container_id == "/docker/aaaaaaaaaaaa");
  }
  SUBCASE("which says that it is a pod's sandbox") {
    auto listed = change(runtime_event_kind::listed);
    listed.metadata.sandbox = true;
    CHECK(take(listed).empty());
  }
  CHECK_FALSE(feed.waits());
}

TEST_CASE_FIXTURE(fixture,
                  "life feed: exits have their codes, and what is not told is not guessed") {
  auto exited = change(runtime_event_kind::exited);
  exited.metadata.exit_code = 137;
  exited.metadata.oom_killed = true;
  const auto told = one(exited);
  CHECK(told.exit_code == 137);
  CHECK(told.oom == true);
  CHECK_FALSE(told.signal);
  auto seen = batch({{life_action::exited, 1}});
  auto& life = std::get<life_trace>(seen.events[0].detail);
  life.exit_code = 143;
  life.signal = 15;
  life.duration_ns = 5;
  const auto row = one(seen);
  CHECK(row.exit_code == 143);
  CHECK(row.signal == 15);
  CHECK(row.oom == false);
  CHECK(row.duration_ns == 5U);
  const auto started = one(batch({{life_action::started, 1}}));
  CHECK_FALSE(started.exit_code);
  CHECK_FALSE(started.oom);
}

TEST_CASE_FIXTURE(fixture, "life feed: what is not asked for is counted, and pairs all the same") {
  life_choice choice;
  choice.events = {"exited"};
  choice.scope.containers = {"web"};
  feed = life_feed{choice};
  CHECK(take(batch({{life_action::created, 1}, {life_action::exited, 2}})).size() == 1);
  CHECK(feed.filtered() == 1);
  CHECK(one(change(runtime_event_kind::exited, 5)).delay_ns == 3 * ms);
  auto other = batch({{life_action::exited, 1}});
  other.identity.container_id = "/docker/db";
  other.identity.container = "db";
  other.runtime_id = std::string(64, 'd');
  CHECK_FALSE(feed.shows(other));
  CHECK(take(other).empty());
  CHECK(feed.filtered() == 2);
}

TEST_CASE_FIXTURE(fixture, "life feed: removed containers are forgotten in the end") {
  for (size_t i = 0; i <= life_feed::removed_max; ++i) {
    auto removed = change(runtime_event_kind::removed);
    removed.metadata.name = "x" + std::to_string(i);
    removed.metadata.state = container_state::exited;
    take(removed);
  }
  const auto image_of = [&](const std::string& name) {
    auto gone = batch({{life_action::gone, 1}});
    gone.identity.container_id = "/docker/" + name;
    return one(gone).metadata.image;
  };
  CHECK(image_of("x0").empty());
  CHECK(image_of("x1") == "nginx:1");
}

TEST_CASE_FIXTURE(fixture, "life feed: an event as JSON has the promised fields") {
  auto seen = batch({{life_action::started, 10}});
  seen.events[0].comm = "nginx";
  std::get<life_trace>(seen.events[0].detail).argv = {"nginx", "-g"};
  std::string error;
  const auto fields = select_fields(infos_of(life_fields()), "", output_format::json, error);
  REQUIRE(fields);
  std::string text;
  append_json(text, make_record(life_fields(), *fields, one(seen)));
  CHECK(text
        == R"({"time":"2023-11-14T22:13:20.010000000Z","source":"kernel","event":"started",)"
           R"("container_id":"/docker/web","runtime":"docker","runtime_id":")"
               + web().id
               + R"(","pid":7,"comm":"nginx","exit_code":null,"signal":null,"oom":null,)"
                 R"("duration_ns":null,"delay_ns":null,"command":"nginx -g"})");
}
