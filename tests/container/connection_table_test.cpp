// SPDX-License-Identifier: Apache-2.0
#include "actors/container/connection_table.hpp"

#include <doctest/doctest.h>

#include <random>
#include <unordered_map>

using namespace troupe;

namespace {

connection numbered(uint64_t cookie, uint64_t bytes) {
  connection result;
  result.cookie = cookie;
  result.bytes_sent = bytes;
  return result;
}

} // namespace

TEST_CASE("connection table: does what a map does, over many inserts and erases") {
  connection_table table;
  std::unordered_map<uint64_t, uint64_t> truth;
  std::mt19937_64 random{1}; // Few cookies, so that they collide and come back.
  for (uint64_t step = 0; step < 200'000; ++step) {
    const auto cookie = 1 + random() % 700;
    if (truth.count(cookie) > 0) {
      REQUIRE(table.find(cookie) != nullptr);
      REQUIRE(table.find(cookie)->bytes_sent == truth[cookie]);
      table.erase(cookie);
      truth.erase(cookie);
    } else {
      REQUIRE(table.find(cookie) == nullptr);
      table.insert(numbered(cookie, step));
      truth[cookie] = step;
    }
    if (step % 5000 == 0)
      table.shrink();
    REQUIRE(table.size() == truth.size());
  }
  size_t seen = 0;
  table.for_each([&](const connection& c) {
    ++seen;
    CHECK(truth.at(c.cookie) == c.bytes_sent);
  });
  CHECK(seen == truth.size());
}

TEST_CASE("connection table: a free slot is nobody's, whatever is asked for") {
  connection_table table;
  table.insert(numbered(1, 0));
  CHECK(table.find(0) == nullptr);
  table.erase(0);
  CHECK(table.size() == 1);
}

TEST_CASE("connection table: an empty one takes no memory, also after a burst") {
  connection_table table;
  CHECK(table.capacity() == 0);
  CHECK(table.find(1) == nullptr);
  table.erase(1);
  for (uint64_t cookie = 1; cookie <= 10'000; ++cookie)
    table.insert(numbered(cookie, 0));
  for (uint64_t cookie = 1; cookie <= 10'000; ++cookie)
    table.erase(cookie);
  CHECK(table.size() == 0);
  table.shrink();
  CHECK(table.capacity() == 0);
}
