// SPDX-License-Identifier: Apache-2.0
#include "actors/runtime_metadata/runtime_worker.hpp"

#include "actors/runtime_metadata/runtime_metadata.hpp"
#include "tests/deterministic_system.hpp"
#include "tests/runtime_metadata/fake_socket.hpp"
#include "tests/runtime_metadata/stories.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>

#include <latch>

using namespace troupe;
using namespace std::chrono_literals;
using std::chrono::steady_clock;

namespace {

// Says what the test put into it.
class scripted_client final : public runtime_client {
public:
  call_result<std::string> version(const call_limits&) override { return versioned; }
  call_result<std::vector<container_answer>> list(const call_limits&) override { return listed; }
  call_result<container_answer> inspect(const container_query& query, const call_limits&) override {
    return docker_answer(query.id, "web");
  }
  call_error watch(const event_observer& observer, const call_limits&) override {
    ++watched;
    if (!lives)
      return {ec::runtime_unreachable, "refused"};
    observer.opened();
    for (const auto& event : events)
      observer.event(event);
    return {ec::runtime_unreachable, "ended"};
  }

  call_result<std::string> versioned = std::string{"9.9"};
  call_result<std::vector<container_answer>> listed =
      std::vector{docker_answer("a1", "web"), docker_answer("a2", "db")};
  std::vector<runtime_event> events{docker_event(runtime_event_kind::created, "a3", "new")};
  bool lives = true;
  int watched = 0;
};

struct worker_test : deterministic_system {
  std::shared_ptr<scripted_client> client = std::make_shared<scripted_client>();
  std::vector<std::string> reports;
  runtime_reports_actor parent =
      spawn([this](runtime_reports_actor::pointer) -> runtime_reports_actor::behavior_type {
        return {
            [this](const lookup_done& x) {
              reports.push_back("found " + x.result.value_or({}).metadata.name);
            },
            [this](const listing_done& x) {
              reports.push_back("list of " + std::to_string(x.result.value_or({}).size()));
            },
            [this](const stream_opened& x) { reports.push_back("opened " + x.version); },
            [this](const stream_listed& x) {
              reports.push_back("listed " + std::to_string(x.answers.size()));
            },
            [this](const stream_event& x) { reports.push_back("event " + x.event.metadata.name); },
            [this](const stream_lost& x) { reports.push_back("lost " + x.error.message); },
            [this](const endpoint_appeared& x) {
              reports.push_back("appeared " + x.endpoint.socket);
            },
        };
      });

  std::vector<std::string> take_reports() { return std::exchange(reports, {}); }
  using texts = std::vector<std::string>;
};

// Never answers, but obeys a stop: like a client whose runtime hangs.
class hung_client final : public runtime_client {
public:
  explicit hung_client(std::atomic<int>& calls) : calls_(calls) {}

  call_result<std::string> version(const call_limits& limits) override { return wait(limits); }
  call_result<std::vector<container_answer>> list(const call_limits& limits) override {
    return wait(limits);
  }
  call_result<container_answer> inspect(const container_query&,
                                        const call_limits& limits) override {
    return wait(limits);
  }
  // The stream opens, so that lookups are made.
  call_error watch(const event_observer& observer, const call_limits& limits) override {
    observer.opened();
    return wait(limits);
  }

private:
  call_error wait(const call_limits& limits) {
    ++calls_;
    std::latch stopped{1};
    const std::stop_callback wake{limits.stop, [&] {
                                    stopped.count_down();
                                  }};
    stopped.wait();
    return {ec::shutting_down, "stopped"};
  }

  std::atomic<int>& calls_;
};

template <class Condition>
bool eventually(Condition condition) {
  const auto deadline = steady_clock::now() + 10s;
  while (!condition())
    if (steady_clock::now() > deadline)
      return false;
    else
      std::this_thread::yield();
  return true;
}

} // namespace

TEST_CASE_FIXTURE(worker_test,
                  "runtime worker: makes calls one after the other and ends when told") {
  auto worker = spawn(runtime_worker, size_t{0}, client, call_limits{}, parent);
  self->send(worker, lookup_order{{"a1", ""}});
  self->send(worker, listing_order{});
  run();
  CHECK(take_reports() == texts{"found web", "list of 2"});
  self->send(worker, dismiss_worker{});
  run();
  CHECK(ended(worker));
}

TEST_CASE_FIXTURE(worker_test, "runtime scout: tells once of every socket that appears") {
  scratch_folder root;
  settings chosen;
  chosen.host_root = root.path();
  const auto scout = spawn(runtime_scout, chosen, std::vector<runtime_endpoint>{}, parent);
  run();
  CHECK(take_reports().empty());
  const auto users = std::filesystem::path{root / "run/user/1000/podman"};
  std::filesystem::create_directories(users);
  std::ofstream{users / "podman.sock"}.flush();
  advance(scout_interval);
  CHECK(take_reports() == texts{"appeared " + (users / "podman.sock").string()});
  std::ofstream{root / "run/docker.sock"}.flush();
  advance(scout_interval);
  CHECK(take_reports() == texts{"appeared " + (root / "run/docker.sock")});
  advance(scout_interval);
  CHECK(take_reports().empty());
  self->send_exit(scout, caf::exit_reason::user_shutdown);
  run();
}

TEST_CASE_FIXTURE(worker_test, "runtime watcher: opens, lists, reports events, and begins anew") {
  spawn(runtime_watcher, size_t{0}, client, call_limits{}, std::make_shared<event_window>(),
        parent);
  run();
  CHECK(take_reports() == texts{"opened 9.9", "listed 2", "event new", "lost ended"});
  advance(99ms);
  CHECK(take_reports().empty());
  advance(1ms);
  CHECK(take_reports() == texts{"opened 9.9", "listed 2", "event new", "lost ended"});
}

TEST_CASE_FIXTURE(worker_test,
                  "runtime watcher: a socket that nobody serves is tried for ever, every "
                  "two seconds at last") {
  client->lives = false;
  spawn(runtime_watcher, size_t{0}, client, call_limits{}, std::make_shared<event_window>(),
        parent);
  run();
  for (auto pause : {100ms, 200ms, 400ms, 800ms, 1600ms, 2000ms, 2000ms, 2000ms}) {
    CHECK(take_reports() == texts{"lost refused"});
    advance(pause - 1ms);
    CHECK(take_reports().empty());
    advance(1ms);
  }
  client->lives = true;
  advance(2s);
  CHECK(take_reports().size() > 1);
}

TEST_CASE_FIXTURE(worker_test, "runtime watcher: where the list fails, events still come") {
  client->listed = call_error{ec::runtime_timeout, "late"};
  spawn(runtime_watcher, size_t{0}, client, call_limits{}, std::make_shared<event_window>(),
        parent);
  run();
  CHECK(take_reports() == texts{"opened 9.9", "event new", "lost ended"});
}

TEST_CASE_FIXTURE(worker_test,
                  "runtime watcher: a late version is no reason to doubt the runtime") {
  client->versioned = call_error{ec::runtime_timeout, "late"};
  spawn(runtime_watcher, size_t{0}, client, call_limits{}, std::make_shared<event_window>(),
        parent);
  run();
  CHECK(take_reports() == texts{"opened ", "listed 2", "event new", "lost ended"});
}

TEST_CASE_FIXTURE(worker_test, "runtime watcher: who streams and is not understood is no runtime") {
  client->versioned = call_error{ec::runtime_garbage, "what?"};
  spawn(runtime_watcher, size_t{0}, client, call_limits{}, std::make_shared<event_window>(),
        parent);
  run();
  CHECK(take_reports() == texts{"lost what?", "lost ended"});
  client->versioned = std::string{"9.9"};
  advance(100ms);
  CHECK(take_reports() == texts{"opened 9.9", "listed 2", "event new", "lost ended"});
}

TEST_CASE_FIXTURE(worker_test, "runtime worker and watcher end with their parent") {
  auto worker = spawn(runtime_worker, size_t{0}, client, call_limits{}, parent);
  auto watcher = spawn(runtime_watcher, size_t{0}, client, call_limits{},
                       std::make_shared<event_window>(), parent);
  run();
  caf::anon_send_exit(parent, caf::exit_reason::kill);
  run();
  CHECK(ended(worker));
  CHECK(ended(watcher));
}

TEST_CASE("event window: so many events and no more, until one is taken or a stop comes") {
  event_window window;
  std::stop_source stop;
  for (std::ptrdiff_t i = 0; i < event_window::events; ++i)
    REQUIRE(window.enter(stop.get_token()));
  std::thread taker{[&] {
    window.leave();
  }};
  CHECK(window.enter(stop.get_token()));
  taker.join();
  stop.request_stop();
  CHECK_FALSE(window.enter(stop.get_token()));
}

TEST_CASE("runtime metadata: all its threads end at once, even while every runtime hangs") {
  for (auto reason : {caf::exit_reason::user_shutdown, caf::exit_reason::kill}) {
    std::atomic<int> calls = 0;
    steady_clock::time_point begun;
    {
      caf::actor_system_config config;
      config.set("scheduler.max-threads", 2);
      caf::actor_system system{config};
      settings chosen;
      chosen.docker_sockets = {"/docker"};
      chosen.containerd_sockets = {"/containerd"};
      const auto actor = system.spawn(
          runtime_metadata_with_crew, chosen,
          make_runtime_crew(
              system, chosen,
              [&](const runtime_endpoint&) { return std::make_shared<hung_client>(calls); },
              nullptr));
      const auto sink =
          system.spawn([](metadata_sink_actor::pointer) -> metadata_sink_actor::behavior_type {
            return {[](const container_resolved&) {
            }};
          });
      for (container_key key = 1; key <= 4; ++key)
        caf::anon_send(actor, resolve_container{key, docker_cgroup("a" + std::to_string(key))},
                       sink);
      CHECK(eventually([&] { return calls >= 2; }));
      begun = steady_clock::now();
      caf::anon_send_exit(actor, reason);
      caf::anon_send_exit(sink, caf::exit_reason::user_shutdown);
    } // Waits for every actor.
    CHECK(steady_clock::now() - begun < 1s);
  }
}

TEST_CASE("runtime metadata: with a real socket, a container is named once its runtime is there") {
  scratch_folder folder;
  const auto path = folder / "docker.sock";
  settings chosen;
  chosen.docker_sockets = {path};
  chosen.containerd_sockets = {folder / "none.sock"};
  caf::actor_system_config config;
  config.set("scheduler.max-threads", 2);
  caf::actor_system system{config};
  std::atomic<bool> named = false;
  const auto sink =
      system.spawn([&](metadata_sink_actor::pointer) -> metadata_sink_actor::behavior_type {
        return {[&](const container_resolved& x) {
          named = x.metadata.name == "web";
        }};
      });
  const auto actor = system.spawn(runtime_metadata, chosen, nullptr);
  caf::anon_send(actor, resolve_container{1, docker_cgroup("a1")}, sink);
  {
    fake_socket docker{path, [](fake_connection& peer) {
                         const auto request = peer.read_request();
                         if (request.starts_with("GET /events")) {
                           peer.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
                           peer.hang();
                         } else if (request.starts_with("GET /version")) {
                           peer.answer(R"({"Version":"20.10"})");
                         } else if (request.starts_with("GET /containers/json")) {
                           peer.answer(R"([{"Id":"a1","Names":["/web"],"State":"running"}])");
                         } else {
                           peer.hang(); // docker hangs on inspect; the list named it already
                         }
                       }};
    CHECK(eventually([&] { return named.load(); }));
    caf::anon_send_exit(actor, caf::exit_reason::user_shutdown);
    caf::anon_send_exit(sink, caf::exit_reason::user_shutdown);
    const auto begun = steady_clock::now();
    system.await_all_actors_done();
    CHECK(steady_clock::now() - begun < 1s);
  }
}
