// SPDX-License-Identifier: Apache-2.0
#include "actors/runtime_metadata/runtime_metadata.hpp"

#include "tests/deterministic_system.hpp"
#include "tests/runtime_metadata/stories.hpp"

#include <caf/event_based_actor.hpp>

#include <doctest/doctest.h>

using namespace troupe;
using namespace std::chrono_literals;
using enum runtime_event_kind;

namespace {

constexpr size_t docker = 0;
constexpr size_t containerd = 1;

// Workers and watchers that do nothing but remember what they were told: the test answers.
class idle_crew final : public runtime_crew {
public:
  struct order {
    size_t endpoint;
    container_query query;
    runtime_worker_actor worker;
  };

  explicit idle_crew(deterministic_system& system) : system_(system) {}

  [[nodiscard]] std::vector<runtime_endpoint> endpoints() const override { return known; }
  void add_endpoint(const runtime_endpoint& endpoint) override { known.push_back(endpoint); }

  runtime_worker_actor start_worker(size_t endpoint, const runtime_reports_actor&) override {
    ++workers;
    return system_.spawn(
        [this,
         endpoint](runtime_worker_actor::pointer self) -> runtime_worker_actor::behavior_type {
          return {
              [=, this](const lookup_order& x) {
                orders.push_back({endpoint, x.query, runtime_worker_actor{self}});
              },
              [=, this](const listing_order&) { listings.push_back(endpoint); },
              [=, this](const dismiss_worker&) {
                --workers;
                self->quit();
              },
          };
        });
  }

  void start_watcher(size_t, const runtime_reports_actor&) override { ++watchers; }
  void start_scout(const runtime_reports_actor&) override { ++scouts; }
  void event_taken(size_t) override { ++events_taken; }

  std::vector<runtime_endpoint> known{{runtime_kind::docker, "/docker.sock"},
                                      {runtime_kind::containerd, "/ctd.sock"}};
  std::vector<order> orders;
  std::vector<size_t> listings;
  int workers = 0;
  int watchers = 0;
  int scouts = 0;
  int events_taken = 0;

private:
  deterministic_system& system_;
};

struct metadata_test : deterministic_system {
  std::shared_ptr<idle_crew> crew = std::make_shared<idle_crew>(*this);
  settings config;
  std::vector<container_resolved> resolved;
  metadata_sink_actor sink = make_sink();
  runtime_metadata_core actor;

  metadata_test() { start(); }
  ~metadata_test() {
    for (auto& order : crew->orders)
      order.worker = nullptr;
  }

  metadata_sink_actor make_sink() {
    return spawn([this](metadata_sink_actor::pointer) -> metadata_sink_actor::behavior_type {
      return {[this](container_resolved& x) {
        resolved.push_back(std::move(x));
      }};
    });
  }

  void start() {
    actor = spawn(runtime_metadata_with_crew, config, std::shared_ptr<runtime_crew>{crew});
    run();
  }

  template <class Message>
  void tell(Message message) {
    self->send(actor, std::move(message));
    run();
  }

  void resolve(container_key key, const cgroup_identity& identity) {
    self->send(actor, resolve_container{key, identity}, sink);
    run();
  }

  // The endpoint lives, and its first list said nothing.
  void open(size_t endpoint) {
    tell(stream_opened{endpoint, "1.0"});
    advance(300ms);
  }

  std::vector<idle_crew::order> take_orders() { return std::exchange(crew->orders, {}); }

  void finish(const idle_crew::order& order, call_result<container_answer> result) {
    caf::send_as(order.worker, runtime_reports_actor{actor},
                 lookup_done{order.endpoint, order.query, std::move(result), 1ms});
    run();
  }

  std::vector<runtime_status> statuses() {
    auto answer = ask<std::vector<runtime_status>>(actor, get_status{});
    REQUIRE(answer);
    return *answer;
  }
};

} // namespace

TEST_CASE_FIXTURE(metadata_test, "runtime metadata: asks with a worker, answers the sink, lets the "
                                 "worker go") {
  CHECK(crew->watchers == 2);
  CHECK(crew->workers == 0);
  open(docker);
  resolve(7, docker_cgroup("a1"));
  const auto orders = take_orders();
  REQUIRE(orders.size() == 1);
  CHECK(orders[0].endpoint == docker);
  CHECK(orders[0].query.id == "a1");
  finish(orders[0], docker_answer("a1", "web"));
  REQUIRE(resolved.size() == 1);
  CHECK(resolved[0].key == 7);
  CHECK(resolved[0].metadata.name == "web");
  CHECK(crew->workers == 0);
  CHECK(statuses()[docker].lookups_ok == 1);
}

TEST_CASE_FIXTURE(metadata_test,
                  "runtime metadata: repeats a lookup that failed for as long as the "
                  "container is wanted") {
  open(docker);
  resolve(1, docker_cgroup("a1"));
  auto pause = 100ms;
  for (int i = 0; i < 20; ++i) {
    const auto orders = take_orders();
    REQUIRE(orders.size() == 1);
    finish(orders[0], call_error{ec::runtime_timeout, "late"});
    advance(pause - 1ms);
    CHECK(crew->orders.empty());
    advance(1ms);
    pause = std::min<std::chrono::milliseconds>(2 * pause, 10s);
  }
  CHECK(statuses()[docker].lookups_failed == 20);
  CHECK(crew->workers == 1);
  tell(abandon_container{1});
  const auto orders = take_orders();
  REQUIRE(orders.size() == 1);
  finish(orders[0], call_error{ec::runtime_timeout, "late"});
  advance(1h);
  CHECK(crew->orders.empty());
  CHECK(crew->workers == 0);
}

TEST_CASE_FIXTURE(metadata_test,
                  "runtime metadata: a hung runtime holds its own workers, bounded, and "
                  "delays nobody else") {
  open(docker);
  open(containerd);
  for (container_key key = 1; key <= 1000; ++key)
    resolve(key, docker_cgroup("a" + std::to_string(key)));
  CHECK(take_orders().size() == config.runtime_calls_max);
  CHECK(crew->workers == static_cast<int>(config.runtime_calls_max));
  resolve(2000, containerd_cgroup("c1", "default"));
  const auto orders = take_orders();
  REQUIRE(orders.size() == 1);
  finish(orders[0], containerd_answer("c1", "default"));
  REQUIRE(resolved.size() == 1);
  CHECK(resolved[0].key == 2000);
}

TEST_CASE_FIXTURE(metadata_test,
                  "runtime metadata: one call for a container, whoever asks for it") {
  open(docker);
  for (int i = 0; i < 50; ++i) {
    resolve(1, docker_cgroup("a1"));
    resolve(2, docker_cgroup("a1"));
  }
  const auto orders = take_orders();
  REQUIRE(orders.size() == 1);
  finish(orders[0], docker_answer("a1", "web"));
  CHECK(resolved.size() == 2);
}

TEST_CASE_FIXTURE(metadata_test,
                  "runtime metadata: a worker that is done takes the next question") {
  config.runtime_calls_max = 1;
  start();
  open(docker);
  for (container_key key = 1; key <= 5; ++key)
    resolve(key, docker_cgroup("a" + std::to_string(key)));
  for (int i = 0; i < 5; ++i) {
    CHECK(crew->workers == 1);
    const auto orders = take_orders();
    REQUIRE(orders.size() == 1);
    finish(orders[0], docker_answer(orders[0].query.id, "n"));
  }
  CHECK(resolved.size() == 5);
  CHECK(crew->workers == 0);
}

TEST_CASE_FIXTURE(metadata_test,
                  "runtime metadata: a runtime that is down names its containers once "
                  "it is back") {
  tell(stream_lost{docker, {ec::runtime_unreachable, "cannot connect to /docker.sock"}});
  resolve(1, docker_cgroup("a1"));
  advance(1h);
  CHECK(crew->orders.empty());
  CHECK(statuses()[docker].message == "cannot connect to /docker.sock");
  tell(stream_opened{docker, "20.10"});
  tell(stream_listed{docker, {docker_answer("a1", "web")}, self->clock().now()});
  REQUIRE(resolved.size() == 1);
  CHECK(resolved[0].metadata.name == "web");
  CHECK(statuses()[docker].answering);
  CHECK(statuses()[docker].version == "20.10");
  advance(1h);
  CHECK(crew->orders.empty());
}

TEST_CASE_FIXTURE(metadata_test, "runtime metadata: events are answers, and are acknowledged") {
  open(docker);
  resolve(1, docker_cgroup("a1"));
  tell(stream_event{docker, docker_event(created, "a1", "web")});
  tell(stream_event{docker, docker_event(renamed, "a1", "shop")});
  tell(stream_event{docker, docker_event(removed, "a1", "shop")});
  CHECK(crew->events_taken == 3);
  REQUIRE(resolved.size() == 3);
  CHECK(resolved[0].metadata.name == "web");
  CHECK(resolved[1].metadata.name == "shop");
  CHECK(resolved[2].removed);
}

TEST_CASE_FIXTURE(metadata_test, "runtime metadata: nobody is told any more once the container is "
                                 "abandoned, or the sink is gone") {
  open(docker);
  resolve(1, docker_cgroup("a1"));
  tell(abandon_container{1});
  tell(stream_event{docker, docker_event(created, "a1", "web")});
  CHECK(resolved.empty());
  resolve(2, docker_cgroup("a2"));
  caf::anon_send_exit(sink, caf::exit_reason::kill);
  run();
  tell(stream_event{docker, docker_event(created, "a2", "db")});
  sink = make_sink();
  resolve(2, docker_cgroup("a2")); // The registry was started anew.
  REQUIRE(resolved.size() == 1);
  CHECK(resolved[0].metadata.name == "db");
}

TEST_CASE_FIXTURE(metadata_test, "runtime metadata: list_all waits for all, but not for ever") {
  std::optional<runtime_listing> listing;
  const auto ask_for_list = [&] {
    listing.reset();
    spawn([&, this](caf::event_based_actor* asker) {
      asker->request(actor, caf::infinite, list_all{}).then([&](runtime_listing& x) {
        listing = std::move(x);
      });
    });
    run();
  };
  ask_for_list();
  CHECK(crew->listings == std::vector<size_t>{docker, containerd});
  tell(listing_done{containerd, std::vector{containerd_answer("c1", "default")}});
  CHECK_FALSE(listing);
  tell(listing_done{docker, std::vector{docker_answer("a1", "web")}});
  REQUIRE(listing);
  CHECK(listing->containers.size() == 2);

  ask_for_list();
  tell(listing_done{containerd, std::vector{containerd_answer("c1", "default")}});
  advance(2200ms);
  REQUIRE(listing);
  CHECK(listing->containers.size() == 1);
  CHECK(listing->endpoints[docker].error == ec::runtime_timeout);
  CHECK(listing->endpoints[containerd].answering);
  tell(listing_done{docker, std::vector{docker_answer("a1", "web")}}); // Too late: no harm.
}

TEST_CASE_FIXTURE(metadata_test, "runtime metadata: who asks for a list during a list shares it") {
  int answers = 0;
  for (int i = 0; i < 10; ++i)
    spawn([&, this](caf::event_based_actor* asker) {
      asker->request(actor, caf::infinite, list_all{}).then([&](const runtime_listing& x) {
        answers += x.containers.size() == 1 ? 1 : 0;
      });
    });
  run();
  CHECK(crew->listings.size() == 2);
  tell(listing_done{docker, std::vector{docker_answer("a1", "web")}});
  tell(listing_done{containerd, call_error{ec::runtime_absent, "no such socket"}});
  CHECK(answers == 10);
}

namespace {

class no_crew final : public runtime_crew {
  [[nodiscard]] std::vector<runtime_endpoint> endpoints() const override { return {}; }
  void add_endpoint(const runtime_endpoint&) override {}
  void start_scout(const runtime_reports_actor&) override {}
  runtime_worker_actor start_worker(size_t, const runtime_reports_actor&) override { return {}; }
  void start_watcher(size_t, const runtime_reports_actor&) override {}
  void event_taken(size_t) override {}
};

} // namespace

TEST_CASE_FIXTURE(deterministic_system,
                  "runtime metadata: without runtimes a list is empty at once") {
  auto actor = spawn(runtime_metadata_with_crew, settings{},
                     std::shared_ptr<runtime_crew>{std::make_shared<no_crew>()});
  const auto listing = ask<runtime_listing>(actor, list_all{});
  REQUIRE(listing);
  CHECK(listing->containers.empty());
  CHECK(listing->endpoints.empty());
}

TEST_CASE_FIXTURE(metadata_test, "runtime metadata: a socket that appears is watched and asked") {
  CHECK(crew->scouts == 1);
  resolve(1, {cgroup_kind::container, runtime_kind::podman, "p1", "", ""});
  tell(endpoint_appeared{{runtime_kind::podman, "/podman.sock"}});
  CHECK(crew->watchers == 3);
  CHECK(statuses()[2].endpoint.socket == "/podman.sock");
  open(2);
  const auto orders = take_orders();
  REQUIRE(orders.size() == 1);
  CHECK(orders[0].endpoint == 2);
  auto answer = docker_answer("p1", "web");
  answer.metadata.runtime = runtime_kind::podman;
  finish(orders[0], answer);
  REQUIRE(resolved.size() == 1);
  CHECK(resolved[0].metadata.name == "web");
}

namespace {

struct observer_test : metadata_test {
  std::vector<container_change> changes;
  std::vector<std::vector<runtime_status>> told;
  container_observer_actor observer =
      spawn([this](container_observer_actor::pointer) -> container_observer_actor::behavior_type {
        return {
            [this](container_change& x) { changes.push_back(std::move(x)); },
            [this](std::vector<runtime_status>& x) { told.push_back(std::move(x)); },
        };
      });

  void observe() {
    self->send(actor, observe_containers{}, observer);
    run();
  }
};

} // namespace

TEST_CASE_FIXTURE(
    observer_test,
    "runtime metadata: an observer learns what is known, then every change in order") {
  tell(stream_opened{docker, "1.0"});
  tell(stream_listed{docker, {docker_answer("a1", "web")}, {}});
  observe();
  REQUIRE(changes.size() == 1);
  CHECK(changes[0].kind == listed);
  CHECK(changes[0].metadata.name == "web");
  CHECK(changes[0].named);
  for (const auto kind : {paused, resumed, exited, removed})
    tell(stream_event{docker, docker_event(kind, "a1", "web")});
  REQUIRE(changes.size() == 5);
  CHECK(changes[1].kind == paused);
  CHECK(changes[1].metadata.state == container_state::paused);
  CHECK(changes[1].time_ns == 1000);
  CHECK(changes[2].metadata.state == container_state::running);
  CHECK(changes[3].metadata.state == container_state::exited);
  CHECK(changes[4].kind == removed);
}

TEST_CASE_FIXTURE(observer_test, "runtime metadata: an observer learns how the endpoints are") {
  observe();
  REQUIRE(told.size() == 1);
  CHECK_FALSE(told[0][docker].answering);
  tell(stream_opened{docker, "1.0"});
  REQUIRE(told.size() == 2);
  CHECK(told[1][docker].answering);
  for (int i = 0; i < 3; ++i) // Each try fails the same way: no news.
    tell(stream_lost{docker, {ec::runtime_unreachable, "refused"}});
  REQUIRE(told.size() == 3);
  CHECK(told[2][docker].message == "refused");
}

TEST_CASE_FIXTURE(observer_test, "runtime metadata: nothing is kept for an observer that ended") {
  observe();
  self->send_exit(observer, caf::exit_reason::user_shutdown);
  run();
  tell(stream_opened{docker, "1.0"});
  tell(stream_event{docker, docker_event(created, "a1", "web")});
  CHECK(changes.empty());
  observer = nullptr;
}
