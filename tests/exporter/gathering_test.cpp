// SPDX-License-Identifier: Apache-2.0

#include "actors/exporter/gathering.hpp"
#include "tests/exporter/synthetic_scrape.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using namespace troupe;

namespace {

/// Answers of the containers with these keys to one gathering.
void answer(gathering& all, uint64_t id, std::initializer_list<container_key> keys,
            uint64_t restarts = 0) {
  for (auto key : keys) {
    auto x = a_container(key, "/docker/" + std::to_string(key));
    x.restarts = restarts;
    x.series_overflow = 1;
    x.nat = {1, 2, 3, 4};
    x.route_latency.observe(1'000);
    x.l7_understood = {{l7_protocol::http, 10, {1, 0, 0, 0}, 4}};
    all.add({id, freeze(std::move(x))});
  }
}

scrape_result finish(gathering& all) {
  scrape_result result;
  all.finish(result);
  return result;
}

std::vector<container_key> keys_of(const scrape_result& result) {
  std::vector<container_key> keys;
  for (const auto& x : result.containers)
    keys.push_back(x->key);
  std::sort(keys.begin(), keys.end());
  return keys;
}

using keys = std::vector<container_key>;

/// A gathering that everybody answered.
void complete_one(gathering& all, std::initializer_list<container_key> who) {
  const auto id = all.begin();
  all.expect(id, who.size());
  answer(all, id, who);
  CHECK(all.complete());
  finish(all);
}

} // namespace

TEST_CASE("gathering: is complete when as many answered as there are, in either order") {
  gathering all;
  auto id = all.begin();
  CHECK_FALSE(all.complete());
  all.expect(id, 2);
  answer(all, id, {1});
  CHECK_FALSE(all.complete());
  answer(all, id, {2});
  CHECK(all.complete());
  finish(all);

  id = all.begin();
  answer(all, id, {1, 2});
  CHECK_FALSE(all.complete());
  all.expect(id, 2);
  CHECK(all.complete());
}

TEST_CASE("gathering: without containers it is complete at once") {
  gathering all;
  all.expect(all.begin(), 0);
  CHECK(all.complete());
  CHECK(finish(all).containers.empty());
}

TEST_CASE("gathering: a second answer of one container is not counted") {
  gathering all;
  const auto id = all.begin();
  all.expect(id, 2);
  answer(all, id, {1, 1});
  CHECK_FALSE(all.complete());
}

TEST_CASE("gathering: a container that is late is served from its last snapshot and counted") {
  gathering all;
  complete_one(all, {1, 2, 3});
  const auto id = all.begin();
  all.expect(id, 3);
  answer(all, id, {1, 3});
  const auto result = finish(all);
  CHECK(keys_of(result) == keys{1, 2, 3});
  CHECK(result.stale_containers == 1);
}

TEST_CASE("gathering: a retired container vanishes from the next complete gathering") {
  gathering all;
  complete_one(all, {1, 2, 3});
  const auto id = all.begin();
  all.expect(id, 2);
  answer(all, id, {1, 3});
  const auto result = finish(all);
  CHECK(keys_of(result) == keys{1, 3});
  CHECK(result.stale_containers == 0);
}

TEST_CASE("gathering: while some are late, no more silent ones are served than are missing") {
  gathering all;
  complete_one(all, {1, 2, 3, 4});
  complete_one(all, {1, 2, 4, 3});
  // 3 is retired, 4 is late: one of four is missing, and nobody knows which. Newest first.
  const auto id = all.begin();
  all.expect(id, 3);
  answer(all, id, {1, 2});
  const auto result = finish(all);
  CHECK(keys_of(result) == keys{1, 2, 4});
  CHECK(result.stale_containers == 1);
}

TEST_CASE("gathering: a late answer is used by the next scrape") {
  gathering all;
  complete_one(all, {1, 2});
  const auto late = all.begin();
  all.expect(late, 2);
  answer(all, late, {1});
  finish(all);
  const auto id = all.begin();
  all.expect(id, 2);
  answer(all, late, {2}, 5);
  answer(all, id, {1});
  CHECK_FALSE(all.complete());
  const auto result = finish(all);
  CHECK(result.stale_containers == 1);
  for (const auto& x : result.containers)
    CHECK(x->restarts == (x->key == 2 ? 5 : 0));
}

TEST_CASE("gathering: answers that are older or from the future change nothing") {
  gathering all;
  complete_one(all, {1});
  complete_one(all, {1});
  answer(all, 1, {1}, 9);
  answer(all, 77, {1, 2}, 9);
  const auto id = all.begin();
  all.expect(id, 1);
  const auto result = finish(all);
  CHECK(keys_of(result) == keys{1});
  CHECK(result.containers.front()->restarts == 0);
}

TEST_CASE("gathering: without the registry's word everything known is served") {
  gathering all;
  complete_one(all, {1, 2});
  all.begin();
  const auto result = finish(all);
  CHECK(keys_of(result) == keys{1, 2});
  CHECK(result.stale_containers == 2);
}

TEST_CASE("gathering: a silent one is forgotten after a while even if no gathering is complete") {
  gathering all;
  complete_one(all, {1, 2});
  scrape_result result;
  for (uint64_t i = 0; i < gathering::patience; ++i) {
    const auto id = all.begin();
    all.expect(id, 3); // One never answers, and was never seen.
    answer(all, id, {1});
    result = finish(all);
  }
  CHECK(keys_of(result) == keys{1});
}

TEST_CASE("gathering: totals over all containers do not fall when one is gone") {
  gathering all;
  complete_one(all, {1, 2, 3});
  const auto id = all.begin();
  all.expect(id, 1);
  answer(all, id, {1});
  const auto result = finish(all);
  CHECK(result.series_overflow == 3);
  CHECK(result.nat.translated == 3);
  CHECK(result.nat.direct == 6);
  CHECK(result.nat.skipped == 9);
  CHECK(result.nat.unanswered == 12);
  CHECK(result.route_latency.counts.front() == 3);
  CHECK(result.route_latency.sum_ns == 3'000);
  REQUIRE(result.l7_understood.size() == 1);
  CHECK(result.l7_understood.front().captured_bytes == 30);
  CHECK(result.l7_understood.front().unparsed_bytes.front() == 3);
  CHECK(result.l7_understood.front().overflow == 12);
  CHECK(result.generation == id);
}
