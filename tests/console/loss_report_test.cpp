// SPDX-License-Identifier: Apache-2.0
#include "actors/console/loss_report.hpp"

#include <doctest/doctest.h>

using namespace troupe;

TEST_CASE("losses: those that a trace cannot miss are left out") {
  const std::vector<loss_count> all{
      {"kernel", "ring_full", "process_executed", 3}, {"kernel", "ring_full", "process_exited", 1},
      {"kernel", "ring_full", "cgroup_created", 1},   {"kernel", "ring_share", "tcp_closed", 5},
      {"kernel", "ring_share", "tcp_progress", 7},    {"kernel", "map_full", "process_exited", 0},
      {"kernel", "ring_share", "l7_chunk", 9}};
  const auto exec = losses_of(trace_kind::exec, all);
  REQUIRE(exec.size() == 1);
  CHECK(exec[0].count == 3);
  CHECK(losses_of(trace_kind::exit, all).size() == 2);
  const auto tcp = losses_of(trace_kind::tcp, all);
  REQUIRE(tcp.size() == 1);
  CHECK(tcp[0].count == 5);
  for (const auto kind : {trace_kind::l7, trace_kind::dns}) {
    const auto l7 = losses_of(kind, all);
    REQUIRE(l7.size() == 1);
    CHECK(l7[0].count == 9);
  }
}

TEST_CASE("losses: only what rose counts, also after a reader began anew") {
  const std::vector<loss_count> before{{"kernel", "ring_full", "tcp_closed", 5},
                                       {"kernel", "ring_share", "tcp_closed", 5}};
  const auto rose = losses_since(before, {{"kernel", "ring_full", "tcp_closed", 7},
                                          {"kernel", "ring_share", "tcp_closed", 5},
                                          {"kernel", "map_full", "tcp_closed", 1}});
  REQUIRE(rose.size() == 2);
  CHECK(rose[0].count == 2);
  CHECK(rose[1].reason == "map_full");
  CHECK(losses_since(before, {{"kernel", "ring_full", "tcp_closed", 2}}).front().count == 2);
}

TEST_CASE("losses: the report names count, cause and what helps") {
  CHECK(describe_losses({}).empty());
  CHECK(describe_losses({{"kernel", "ring_full", "process_executed", 1}})
        == "1 event was lost:\n"
           "1  kernel  ring_full  process_executed  (raise --ring-bytes)\n");
  CHECK(describe_losses({{"kernel", "ring_full", "a", 10}, {"reader", "new_reason", "b", 2}})
        == "12 events were lost:\n"
           "10  kernel  ring_full   a  (raise --ring-bytes)\n"
           " 2  reader  new_reason  b\n");
}
