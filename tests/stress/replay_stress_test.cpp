// SPDX-License-Identifier: Apache-2.0

#include "tests/stress/stress_world.hpp"

#include <array>
#include <chrono>
#include <set>
#include <stop_token>
#include <thread>

using namespace troupe;
using namespace std::chrono_literals;

namespace {

/// Ask all the time, from threads of their own.
class scrapers {
public:
  scrapers(uint16_t port, size_t count) {
    for (size_t i = 0; i < count; ++i)
      threads_.emplace_back([this, port, i](const std::stop_token& stop) { ask(port, i, stop); });
  }

  std::atomic<uint64_t> good{0};
  std::atomic<uint64_t> bad{0}; ///< no answer, or a scrape that failed

private:
  void ask(uint16_t port, size_t which, const std::stop_token& stop) {
    static constexpr std::array paths{"/metrics", "/metrics", "/debug/actors", "/readyz"};
    for (; !stop.stop_requested(); ++which) {
      const std::string path = paths.at(which % paths.size());
      const auto status = get(port, path).status;
      // A slow machine is not ready in time, and says so.
      ++(status == 200 || (status == 503 && path == "/readyz") ? good : bad);
    }
  }

  std::vector<std::jthread> threads_; ///< joined before the counts go
};

/// As eventually(), for machines that are slowed down tenfold by a sanitizer.
template <class Condition>
bool within(std::chrono::seconds time, Condition condition) {
  const auto deadline = std::chrono::steady_clock::now() + time;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline)
      return false;
    poll(nullptr, 0, 5);
  }
  return true;
}

bool is_ready(uint16_t port) {
  return within(60s, [port] { return get(port, "/readyz").status == 200; });
}

recording_truth sum(const std::vector<container_snapshot_ptr>& containers) {
  recording_truth result;
  for (const auto& x : containers) {
    result.records += x->events;
    result.restarts += x->restarts;
    for (const auto& series : x->outbound) {
      result.connects += series.successful_connects;
      result.bytes_sent += series.bytes_sent;
    }
  }
  return result;
}

std::set<std::string> names(const std::vector<container_snapshot_ptr>& containers) {
  std::set<std::string> result;
  for (const auto& x : containers)
    result.insert(x->identity.container_id);
  return result;
}

/// For doctest to show.
std::string text(const std::set<std::string>& names) {
  std::string result;
  for (const auto& name : names)
    result += name + " ";
  return result;
}

/// What all containers have in the end, when they have what the recording has.
recording_truth counted(stress_world& world) {
  recording_truth result;
  (void)within(120s, [&] {
    result = sum(world.run().snapshots());
    return result.connects >= world.truth.connects && result.bytes_sent >= world.truth.bytes_sent
           && result.restarts >= world.truth.restarts;
  });
  return result;
}

uint64_t lost(stress_world& world) {
  uint64_t result = 0;
  const auto status = world.run().reader();
  REQUIRE(status.has_value());
  for (const auto& x : status->losses)
    result += x.count;
  return result;
}

generator_options steady() {
  generator_options options;
  options.containers = 12;
  options.records = 1'000'000;
  return options;
}

generator_options churning() {
  auto options = steady();
  options.records = 200'000;
  options.churn_per_second = 200; // Of the recording's time: 400 containers in all.
  return options;
}

} // namespace

TEST_CASE("a replay at full speed under scrapes is counted exactly") {
  stress_world world{steady()};
  world.start();
  REQUIRE(is_ready(world.port));
  const scrapers asking{world.port, 4};
  const auto result = counted(world);
  CHECK(result.connects == world.truth.connects);
  CHECK(result.bytes_sent == world.truth.bytes_sent);
  CHECK(result.records == world.truth.records);
  CHECK(world.replayed == world.truth.records);
  CHECK(lost(world) == 0);
  CHECK(within(60s, [&] { return asking.good > 0; }));
  CHECK(asking.bad == 0);
}

TEST_CASE("containers that come, adopt each other and go under scrapes are counted exactly") {
  stress_world world{churning(), 14};
  world.start();
  REQUIRE(is_ready(world.port));
  const scrapers asking{world.port, 2};
  const auto result = counted(world);
  CHECK(result.connects == world.truth.connects);
  CHECK(result.bytes_sent == world.truth.bytes_sent);
  CHECK(result.restarts == world.truth.restarts);
  CHECK(lost(world) == 0);
  CHECK(asking.bad == 0);
}

TEST_CASE("containers adopt each other and are retired, down to those that are there") {
  stress_world world{churning(), 14};
  world.config.retire_after = 1ms;
  world.config.tick_interval = 10ms;
  world.start();
  REQUIRE(is_ready(world.port));
  const scrapers asking{world.port, 2};
  REQUIRE(within(60s, [&] { return world.replayed == world.truth.records; }));
  std::set<std::string> left;
  (void)within(60s, [&] { return (left = names(world.run().snapshots())) == world.truth.left; });
  CHECK(text(left) == text(world.truth.left));
  CHECK(asking.bad == 0);
}

TEST_CASE("whoever fails under load is started anew, and the agent is ready again") {
  stress_world world{steady()};
  world.start();
  const scrapers asking{world.port, 3};
  for (const auto* name : {"host", "runtime_metadata", "exporter", "bpf_reader", "registry"}) {
    INFO(name);
    REQUIRE(is_ready(world.port));
    world.fail(name);
    CHECK(within(60s, [&] {
      const auto status = world.run().status();
      if (!status)
        return false;
      for (const auto& actor : status->actors)
        if (actor.actor == name)
          return actor.restarts == 1;
      return false;
    }));
  }
  CHECK(is_ready(world.port));
  CHECK_FALSE(world.run().failure().has_value());
}

TEST_CASE("an agent ends at whatever moment it is told to") {
  for (int i = 0; i < 12; ++i) {
    INFO(i);
    stress_world world{churning()};
    world.start();
    const scrapers asking{world.port, 2};
    if (i % 3 == 1)
      REQUIRE(is_ready(world.port));
    if (i % 3 == 2)
      REQUIRE(within(60s, [&] { return sum(world.run().snapshots()).records > 0; }));
    world.stop();
  }
}
