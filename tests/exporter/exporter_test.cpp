// SPDX-License-Identifier: Apache-2.0

#include "actors/exporter/exporter.hpp"
#include "tests/deterministic_system.hpp"
#include "tests/exporter/fake_actors.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <optional>

using namespace troupe;
using namespace std::chrono_literals;

namespace {

/// An exporter without an endpoint, among actors that follow a script.
struct exporter_fixture : deterministic_system {
  script_ptr plot = std::make_shared<script>();
  troupe_directory directory;
  exporter_actor subject;

  exporter_fixture() {
    directory.host = spawn(fake_host, plot);
    directory.runtime_metadata = spawn(fake_runtimes, plot);
    directory.registry = spawn(fake_registry, plot);
    directory.bpf_reader = spawn(fake_reader, plot);
    directory.supervisor = spawn(fake_supervisor, plot);
    settings options;
    options.listen.clear();
    options.scrape_timeout = 2s;
    subject = spawn(exporter, options, directory, nullptr);
    run();
  }
  ~exporter_fixture() {
    plot->sink = nullptr; // It is the exporter's handle: it must not outlive the system.
    plot->unanswered.clear();
  }

  auto ask_for_scrape() { return self->request(subject, caf::infinite, scrape{}); }

  /// The answer to a scrape, that of the deadline if need be. An error fails the test.
  template <class Pending>
  scrape_result await(Pending& pending) {
    scrape_result result;
    pending.receive([&](scrape_result& x) { result = std::move(x); },
                    [](const caf::error& error) { FAIL(caf::to_string(error)); });
    return result;
  }

  scrape_result scrape_now() {
    auto pending = ask_for_scrape();
    run();
    return await(pending);
  }

  scrape_result scrape_until_deadline() {
    auto pending = ask_for_scrape();
    run();
    advance(1s);
    return await(pending);
  }
};

std::vector<container_key> keys_of(const scrape_result& result) {
  std::vector<container_key> keys;
  for (const auto& x : result.containers)
    keys.push_back(x->key);
  std::sort(keys.begin(), keys.end());
  return keys;
}

using keys = std::vector<container_key>;

} // namespace

TEST_CASE_FIXTURE(exporter_fixture,
                  "exporter: answers as soon as everybody has, with what they say") {
  plot->containers = 2;
  plot->answering = {1, 2};
  plot->routes = 42;
  const auto result = scrape_now();
  CHECK(keys_of(result) == keys{1, 2});
  CHECK(result.stale_containers == 0);
  CHECK(result.reader.routes == 42);
  CHECK(result.runtimes.size() == 1);
  REQUIRE(result.troupe.actors.size() == 1);
  CHECK(result.troupe.actors.front().restarts == 3);
  CHECK(result.node.hostname == "host-1");
}

TEST_CASE_FIXTURE(exporter_fixture,
                  "exporter: at the deadline a silent container is served from its "
                  "last snapshot") {
  plot->containers = 2;
  plot->answering = {1, 2};
  scrape_now();
  plot->answering = {1};
  const auto result = scrape_until_deadline();
  CHECK(keys_of(result) == keys{1, 2});
  CHECK(result.stale_containers == 1);
}

TEST_CASE_FIXTURE(exporter_fixture,
                  "exporter: waits for the last container, not for the deadline") {
  plot->containers = 2;
  plot->answering = {1};
  auto pending = ask_for_scrape();
  run();
  self->send(plot->sink, collected{plot->scrape_id, freeze(a_container(2, "/docker/2"))});
  run();
  CHECK(keys_of(await(pending)) == keys{1, 2});
}

TEST_CASE_FIXTURE(exporter_fixture, "exporter: scrapes at the same time share one gathering") {
  plot->containers = 1;
  auto first = ask_for_scrape();
  auto second = ask_for_scrape();
  run();
  auto third = ask_for_scrape();
  run();
  self->send(plot->sink, collected{plot->scrape_id, freeze(a_container(1, "/docker/1"))});
  run();
  const auto generation = await(first).generation;
  CHECK(await(second).generation == generation);
  CHECK(await(third).generation == generation);
  CHECK(plot->gatherings == 1);

  plot->answering = {1};
  CHECK(scrape_now().generation == generation + 1);
  CHECK(plot->gatherings == 2);
}

TEST_CASE_FIXTURE(exporter_fixture, "exporter: a retired container vanishes") {
  plot->containers = 3;
  plot->answering = {1, 2, 3};
  scrape_now();
  plot->containers = 2;
  plot->answering = {1, 3};
  const auto result = scrape_now();
  CHECK(keys_of(result) == keys{1, 3});
  CHECK(result.stale_containers == 0);
}

TEST_CASE_FIXTURE(exporter_fixture,
                  "exporter: an account that fails leaves the last one in place") {
  plot->containers = 1;
  plot->answering = {1};
  plot->routes = 42;
  scrape_now();
  plot->routes = 43;
  plot->reader = reply::error;
  plot->runtimes = reply::silence;
  caf::anon_send_exit(directory.supervisor, caf::exit_reason::kill);
  const auto result = scrape_until_deadline();
  CHECK(keys_of(result) == keys{1});
  CHECK(result.reader.routes == 42);
  CHECK(result.runtimes.size() == 1);
  CHECK(result.troupe.actors.size() == 1);

  plot->reader = reply::answer;
  plot->runtimes = reply::answer;
  CHECK(scrape_now().reader.routes == 43);
}

TEST_CASE_FIXTURE(exporter_fixture, "exporter: while the registry is silent everything known is "
                                    "served") {
  plot->containers = 2;
  plot->answering = {1, 2};
  scrape_now();
  for (auto how : {reply::error, reply::silence}) {
    plot->registry = how;
    plot->answering.clear();
    const auto result = scrape_until_deadline();
    CHECK(keys_of(result) == keys{1, 2});
    CHECK(result.stale_containers == 2);
  }
}

TEST_CASE_FIXTURE(exporter_fixture,
                  "exporter: the deadline of one gathering does not end the next") {
  plot->containers = 1;
  plot->answering = {1};
  scrape_now(); // Complete at once; its timer is still there.
  plot->answering.clear();
  advance(500ms);
  auto pending = ask_for_scrape();
  run();
  advance(600ms);
  self->send(plot->sink, collected{plot->scrape_id, freeze(a_container(1, "/docker/1"))});
  run();
  CHECK(await(pending).stale_containers == 0);
}

TEST_CASE_FIXTURE(exporter_fixture, "exporter: asks the host again until it knows the machine") {
  plot->host = reply::error;
  CHECK(scrape_now().node.hostname.empty());
  plot->host = reply::answer;
  CHECK(scrape_now().node.hostname == "host-1");
  plot->host = reply::error;
  CHECK(scrape_now().node.hostname == "host-1");
}

TEST_CASE_FIXTURE(exporter_fixture, "exporter: a new directory counts from the next scrape on") {
  plot->containers = 1;
  plot->answering = {1};
  scrape_now();
  auto other = std::make_shared<script>();
  other->containers = 1;
  other->answering = {7};
  auto changed = directory;
  changed.registry = spawn(fake_registry, other);
  self->send(subject, changed);
  run();
  CHECK(keys_of(scrape_now()) == keys{7});
  other->sink = nullptr;
}

TEST_CASE_FIXTURE(exporter_fixture, "exporter: with nobody to ask it answers at the deadline") {
  self->send(subject, troupe_directory{});
  run();
  CHECK(scrape_until_deadline().containers.empty());
}

TEST_CASE_FIXTURE(exporter_fixture, "exporter: who waits when it ends gets an error") {
  plot->registry = reply::silence;
  auto pending = ask_for_scrape();
  run();
  self->send_exit(subject, caf::exit_reason::user_shutdown);
  run();
  bool failed = false;
  pending.receive([](const scrape_result&) {}, [&](const caf::error&) { failed = true; });
  CHECK(failed);
  CHECK(ended(subject));
}

TEST_CASE_FIXTURE(deterministic_system, "exporter: ends with the cause when it cannot listen") {
  settings options;
  options.listen = "nowhere";
  auto subject = spawn(exporter, options, troupe_directory{}, nullptr);
  caf::error reason;
  self->monitor(subject);
  run();
  self->receive([&](const caf::down_msg& down) { reason = down.reason; });
  CHECK(reason.category() == caf::atom("troupe"));
  CHECK(reason.code() == static_cast<uint8_t>(ec::invalid_configuration));
}
