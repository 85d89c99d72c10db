// SPDX-License-Identifier: Apache-2.0
#include "actors/bpf_reader/flat_map.hpp"

#include <doctest/doctest.h>

#include <random>
#include <unordered_map>

using namespace troupe;

TEST_CASE("flat map: does what a standard map does, over many random changes") {
  flat_map<uint32_t> map;
  std::unordered_map<uint64_t, uint32_t> truth;
  std::mt19937 random{1};
  for (uint32_t i = 0; i < 200'000; ++i) {
    const uint64_t key = 1 + random() % 500; // Dense, so that removals close gaps.
    if (random() % 2 == 0) {
      map[key] = i;
      truth[key] = i;
    } else {
      CHECK(map.erase(key) == (truth.erase(key) == 1));
    }
  }
  CHECK(map.size() == truth.size());
  for (const auto& [key, value] : truth) {
    REQUIRE(map.find(key) != nullptr);
    CHECK(*map.find(key) == value);
  }
  size_t visited = 0;
  map.for_each([&](uint64_t key, uint32_t value) {
    CHECK(truth.at(key) == value);
    ++visited;
  });
  CHECK(visited == truth.size());
}

TEST_CASE("flat map: a value that was erased is new when it comes again") {
  flat_map<uint32_t> map;
  map[7] = 3;
  CHECK(map.erase(7));
  CHECK(map.find(7) == nullptr);
  CHECK(map[7] == 0);
}
