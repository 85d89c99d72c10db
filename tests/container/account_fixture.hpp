// SPDX-License-Identifier: Apache-2.0
#pragma once

// A container on which records are counted, for the tests of its account and of its ledger.

#include "actors/container/container_account.hpp"
#include "tests/container/records.hpp"

#include <doctest/doctest.h>

namespace troupe {

struct account_fixture {
  container_account account{1, {}};
  record_writer w;

  /// Gives what was written so far to the container.
  void flush() {
    const auto batch = w.take();
    account.consume(batch, w.now_ns);
  }
  void tick(uint32_t times) {
    for (uint32_t i = 0; i < times; ++i)
      account.tick();
  }
  container_snapshot snapshot() {
    flush();
    return account.snapshot();
  }
  /// The only destination.
  destination_stats outbound() {
    const auto s = snapshot();
    REQUIRE(s.outbound.size() == 1);
    return s.outbound[0];
  }
  inbound_stats inbound() {
    const auto s = snapshot();
    REQUIRE(s.inbound.size() == 1);
    return s.inbound[0];
  }
};

inline test_connection inbound_connection(uint64_t cookie, const std::string& peer = "10.0.0.9") {
  test_connection c;
  c.cookie = cookie;
  c.direction = TCP_INBOUND;
  c.ends = endpoints("10.0.0.1", 8080, peer, 51000);
  c.connect_ns = 0;
  return c;
}

} // namespace troupe
