// SPDX-License-Identifier: Apache-2.0

// The exporter with its endpoint, on CAF's real scheduler.

#include "actors/exporter/exporter.hpp"
#include "actors/exporter/listen_address.hpp"
#include "tests/exporter/fake_actors.hpp"
#include "tests/exporter/http_client.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <future>

using namespace troupe;
using namespace std::chrono_literals;
using steady = std::chrono::steady_clock;

namespace {

struct real_config : caf::actor_system_config {
  real_config() {
    set("scheduler.policy", caf::atom("sharing"));
    set("scheduler.max-threads", 2);
  }
};

struct endpoint_fixture {
  real_config config;
  caf::actor_system system{config};
  script_ptr plot = std::make_shared<script>();
  settings options;
  troupe_directory directory;
  exporter_actor subject;
  std::shared_ptr<actor_board> board =
      std::make_shared<actor_board>([](uint64_t type) { return "type " + std::to_string(type); });
  uint16_t port = free_port();

  endpoint_fixture() {
    directory.host = system.spawn(fake_host, plot);
    directory.runtime_metadata = system.spawn(fake_runtimes, plot);
    directory.registry = system.spawn(fake_registry, plot);
    directory.bpf_reader = system.spawn(fake_reader, plot);
    directory.supervisor = system.spawn(fake_supervisor, plot);
    options.listen = "127.0.0.1:" + std::to_string(port);
    plot->containers = 1;
    plot->answering = {1};
  }

  void start() {
    subject = system.spawn(exporter, options, directory, board);
    REQUIRE(eventually([this] { return http_client{port}.connected(); }));
  }

  ~endpoint_fixture() {
    stop();
    for (const auto& x : {caf::actor_cast<caf::actor>(directory.host),
                          caf::actor_cast<caf::actor>(directory.runtime_metadata),
                          caf::actor_cast<caf::actor>(directory.registry),
                          caf::actor_cast<caf::actor>(directory.bpf_reader),
                          caf::actor_cast<caf::actor>(directory.supervisor)})
      caf::anon_send_exit(x, caf::exit_reason::kill);
    plot->sink = nullptr;
    plot->unanswered.clear();
  }

  /// Ends the exporter and waits for its down message; how long that took.
  steady::duration stop() {
    const auto began = steady::now();
    if (!subject)
      return {};
    caf::scoped_actor self{system};
    self->monitor(subject);
    self->send_exit(subject, caf::exit_reason::user_shutdown);
    self->receive([](const caf::down_msg&) {});
    subject = nullptr;
    return steady::now() - began;
  }
};

} // namespace

TEST_CASE_FIXTURE(endpoint_fixture,
                  "endpoint: /metrics has the containers, /healthz and / answer") {
  start();
  const auto metrics = get(port, "/metrics");
  CHECK(metrics.status == 200);
  CHECK(metrics.has_header("Content-Type: text/plain; version=0.0.4; charset=utf-8"));
  CHECK(metrics.body.find("container_info{container_id=\"/docker/1\"") != std::string::npos);
  CHECK(metrics.body.find("\ntroupe_build_info{version=\"") != std::string::npos);
  const auto again = get(port, "/metrics").body;
  CHECK(again.find("\ntroupe_scrapes_total{result=\"ok\"") != std::string::npos);
  CHECK(get(port, "/healthz").body == "ok\n");
  CHECK(get(port, "/").body.find("/metrics") != std::string::npos);
  CHECK(get(port, "/nothing").status == 404);
}

TEST_CASE_FIXTURE(endpoint_fixture, "endpoint: /readyz says 200 or 503 and why") {
  start();
  CHECK(get(port, "/readyz").status == 200);
  plot->ready = false;
  const auto starting = get(port, "/readyz");
  CHECK(starting.status == 503);
  CHECK(starting.body.starts_with("not ready: "));
  plot->supervisor = reply::error;
  CHECK(get(port, "/readyz").body == "not ready: the supervisor does not answer\n");
}

TEST_CASE_FIXTURE(endpoint_fixture, "endpoint: /debug/actors is a table, or JSON") {
  start();
  const auto gauge = gauge_of(subject);
  REQUIRE(gauge);
  board->started("exporter", gauge, 3);
  const auto container = std::make_shared<actor_gauge>();
  container->label("/docker/1");
  board->add_container(1, container);
  const auto page = get(port, "/debug/actors");
  CHECK(page.status == 200);
  CHECK(page.body.find("\nexporter ") != std::string::npos);
  CHECK(page.body.find("\n1 /docker/1 ") != std::string::npos);
  const auto json = get(port, "/debug/actors?format=json&containers=all");
  CHECK(json.status == 200);
  CHECK(json.has_header("Content-Type: application/json"));
  CHECK(json.body.find(R"({"actor":"exporter","label":"","state":")") != std::string::npos);
  CHECK(json.body.find(R"("restarts":3)") != std::string::npos);
  CHECK(get(port, "/debug/actors?format=xml").status == 400);
}

TEST_CASE_FIXTURE(endpoint_fixture, "endpoint: /debug/actors needs nobody's answer") {
  plot->registry = reply::silence;
  plot->supervisor = reply::silence;
  options.scrape_timeout = 400ms;
  start();
  board->started("registry", std::make_shared<actor_gauge>(), 0);
  CHECK(get(port, "/debug/actors?format=json").body.find("registry") != std::string::npos);
  CHECK(get(port, "/debug/actors").body.find("\nregistry ") != std::string::npos);
}

TEST_CASE_FIXTURE(endpoint_fixture, "endpoint: twelve scrapers at once are all served") {
  start();
  std::vector<std::future<int>> scrapers;
  scrapers.reserve(12);
  for (int i = 0; i < 12; ++i)
    scrapers.push_back(
        std::async(std::launch::async, [this] { return get(port, "/metrics").status; }));
  for (auto& status : scrapers)
    CHECK(status.get() == 200);
}

TEST_CASE_FIXTURE(endpoint_fixture,
                  "endpoint: a silent registry delays a scrape to the deadline, no "
                  "more") {
  plot->registry = reply::silence;
  options.scrape_timeout = 400ms;
  start();
  CHECK(get(port, "/metrics").status == 200);
}

TEST_CASE_FIXTURE(endpoint_fixture, "endpoint: ends within a second although scrapers wait") {
  plot->registry = reply::silence;
  options.scrape_timeout = 60s;
  start();
  std::vector<std::future<int>> scrapers;
  scrapers.reserve(4);
  for (int i = 0; i < 4; ++i)
    scrapers.push_back(
        std::async(std::launch::async, [this] { return get(port, "/metrics").status; }));
  REQUIRE(eventually([this] { return plot->gatherings > 0; }));
  CHECK(stop() < 1s);
  for (auto& status : scrapers)
    CHECK(status.get() != 200);
}

TEST_CASE_FIXTURE(endpoint_fixture, "endpoint: its port is free when its end is known") {
  for (int i = 0; i < 5; ++i) {
    start();
    CHECK(get(port, "/healthz").status == 200);
    CHECK(stop() < 1s);
  }
}

TEST_CASE_FIXTURE(endpoint_fixture, "endpoint: a taken port ends the exporter with a clear line") {
  start();
  caf::scoped_actor self{system};
  auto second = self->spawn<caf::monitored>(exporter, options, directory, board);
  caf::error reason;
  self->receive([&](const caf::down_msg& down) { reason = down.reason; });
  CHECK(reason.code() == static_cast<uint8_t>(ec::address_in_use));
  CHECK(reason.context().get_as<std::string>(0)
        == "cannot listen on " + options.listen
               + ": address already in use; choose another with --listen");
}
