// SPDX-License-Identifier: Apache-2.0
#include "actors/container/l7/in_order.hpp"

#include "tests/container/l7/dialogue.hpp"

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::l7;

namespace {

struct request {
  l7_exchange exchange;
};

constexpr uint64_t second = 1'000'000'000;

} // namespace

TEST_CASE("in order: an answer waits for its request, but not for ever") {
  in_order<request> order;
  outcome heard;
  CHECK(order.waits_for_request());
  CHECK(!order.is_stale(second, second + 1'000));
  CHECK(order.waits_for_request());
  CHECK(order.is_stale(second, 2 * second));
  CHECK(!order.is_stale(second, 2 * second)); // Nothing waits any more.
  order.add({}, heard);
  CHECK(!order.waits_for_request());
}

TEST_CASE("in order: where something is missing, an answer does not wait") {
  in_order<request> order;
  order.requests_lost();
  CHECK(!order.waits_for_request());
  in_order<request> another;
  another.answers_lost();
  CHECK(!another.waits_for_request());
}
