// SPDX-License-Identifier: Apache-2.0
#include "actors/console/quantiles.hpp"
#include "actors/console/top_l7.hpp"
#include "tests/console/field_choices.hpp"
#include "tests/console/flow_fixture.hpp"

#include <doctest/doctest.h>

#include <simdjson.h>

using namespace troupe;

namespace {

constexpr uint64_t second = 1'000'000'000;
constexpr uint64_t ms = 1'000'000;

/// shop asks web over HTTP, and a database outside; web is asked by somebody else, too.
std::vector<container_snapshot_ptr> a_machine(uint64_t asked, uint64_t failed, uint64_t queries) {
  const auto http = requests_of(l7_protocol::http, asked - failed, failed);
  return {
      snapshot_of("/docker/shop", {{"10.0.0.3", "10.0.0.2:80", {1}, {http}},
                                   {"10.0.0.3",
                                    "198.51.100.7:5432",
                                    {2},
                                    {requests_of(l7_protocol::postgres, queries, 0, 40 * ms)}}}),
      snapshot_of("/docker/web", {},
                  {{"10.0.0.3", "10.0.0.2:80", {1}, {http}},
                   {"198.51.100.9", "10.0.0.2:80", {1}, {requests_of(l7_protocol::http, 1)}}}),
  };
}

std::vector<l7_top_row> rows(const l7_choice& choice = {}, l7_order order = l7_order::requests) {
  const auto before = read_l7(a_machine(10, 0, 3), choice, {}, 5 * second);
  const auto now = read_l7(a_machine(30, 5, 8), choice, {}, 7 * second);
  return l7_rows_between(before, now, 0, order);
}

const auto columns = usual_fields(l7_top_fields());

} // namespace

TEST_CASE("top l7: what came in the interval, by container, direction, peer and protocol") {
  const auto all = rows();
  REQUIRE(all.size() == 4);
  CHECK(all[0].container_id == "/docker/shop");
  CHECK_FALSE(all[0].inbound);
  CHECK(all[0].peer == graph_node{graph_node::kind::container, "/docker/web"});
  CHECK(all[0].now.count() == 20);
  CHECK(all[0].now.failed() == 5);
  CHECK(all[0].requests_total == 30);
  CHECK(all[0].failed_total == 5);
  CHECK(all[0].interval_ns == 2 * second);
  CHECK(all[1].container_id == "/docker/web");
  CHECK(all[1].inbound);
  CHECK(all[1].peer == graph_node{graph_node::kind::container, "/docker/shop"});
  CHECK(all[1].now.count() == 20);
  CHECK(all[2].now.protocol == l7_protocol::postgres);
  CHECK(all[2].now.count() == 5);
  CHECK(quantile_ns(all[2].now.durations, 50).value() / ms >= 38);
  CHECK(all[3].peer.name == "198.51.100.9");
  CHECK(all[3].now.count() == 0); // It was asked before.
  CHECK(all[3].requests_total == 1);
}

TEST_CASE("top l7: the slowest or those that fail first") {
  CHECK(rows({}, l7_order::p99)[0].now.protocol == l7_protocol::postgres);
  CHECK(rows({}, l7_order::failed)[0].now.failed() == 5);
  for (const auto* name : {"requests", "failed", "p50", "p95", "p99"})
    CHECK(to_string(find_l7_order(name).value()) == name);
  CHECK_FALSE(find_l7_order("p42"));
}

TEST_CASE("top l7: only what was asked for") {
  l7_choice choice;
  choice.protocols = {l7_protocol::postgres};
  REQUIRE(rows(choice).size() == 1);
  choice.protocols = {l7_protocol::redis};
  CHECK(rows(choice).empty());
  choice.protocols.clear();
  choice.scope.containers = {"/docker/web"};
  const auto all = rows(choice);
  REQUIRE(all.size() == 2);
  // Its peer has a name also where that is not in scope.
  CHECK(all[0].peer.name == "/docker/shop");
}

TEST_CASE("top l7: a container that began anew has counted from zero") {
  const auto before = read_l7(a_machine(10, 0, 3), {}, {}, 0);
  const auto now = read_l7(a_machine(4, 1, 1), {}, {}, second);
  const auto all = l7_rows_between(before, now, 0, l7_order::requests);
  CHECK(all[0].now.count() == 4);
  CHECK(all[0].now.failed() == 1);
}

TEST_CASE("top l7: a peer that gets its name meanwhile has asked no more for that") {
  auto machine = a_machine(10, 0, 3);
  auto unnamed = *machine[1];
  unnamed.exported = false;
  const auto before =
      read_l7({machine[0], std::make_shared<const container_snapshot>(unnamed)}, {}, {}, 0);
  const auto all =
      l7_rows_between(before, read_l7(a_machine(12, 0, 3), {}, {}, second), 0, l7_order::requests);
  CHECK(all[0].container_id == "/docker/web"); // All is new of it.
  CHECK(all[1].peer.name == "/docker/web");
  CHECK(all[1].now.count() == 2);
}

TEST_CASE("top l7: a table, cut at so many rows") {
  const auto text = render_l7_top(rows(), columns, std::nullopt, 2);
  CHECK(text
        == "CONTAINER     DIRECTION  PEER          PROTOCOL  REQUESTS/S  FAILED/S     P50     P95"
           "     P99  TOTAL  FAILED\n"
           "/docker/shop  outbound   /docker/web   http            10.0       2.5  1.01ms  1.04ms"
           "  1.04ms     30       5\n"
           "/docker/web   inbound    /docker/shop  http            10.0       2.5  1.01ms  1.04ms"
           "  1.04ms     30       5\n");
  CHECK(render_l7_top(rows(), columns, std::nullopt, 9).find(" 198.51.100.7:5432 ")
        != std::string::npos);
}

TEST_CASE("top l7: JSON is a line a row, with numbers") {
  const auto text =
      render_l7_top(rows(), all_fields(l7_top_fields(), output_format::json), std::nullopt, 1);
  simdjson::dom::parser parser;
  simdjson::dom::element row;
  REQUIRE(parser.parse(text).get(row) == simdjson::SUCCESS);
  CHECK(row["container_id"].get_string().value() == "/docker/shop");
  CHECK(row["direction"].get_string().value() == "outbound");
  CHECK(row["peer"].get_string().value() == "/docker/web");
  CHECK(row["peer_kind"].get_string().value() == "container");
  CHECK(row["address"].get_string().value() == "10.0.0.2:80");
  CHECK(row["requests_per_second"].get_double().value() == 10);
  CHECK(row["failed_per_second"].get_double().value() == 2.5);
  CHECK(row["requests"].get_uint64().value() == 20);
  CHECK(row["requests_total"].get_uint64().value() == 30);
  CHECK(row["request_bytes"].get_uint64().value() == 200);
  CHECK(text.find('\n') == text.size() - 1);
}

TEST_CASE("quantiles: within a bucket's width, from a microsecond to a minute") {
  for (uint64_t ns = 1'100; ns < 60 * second; ns = ns * 9 / 7) {
    duration_histogram x;
    x.observe(ns);
    const auto half = static_cast<double>(quantile_ns(x, 50).value());
    CHECK(half > 0.93 * static_cast<double>(ns));
    CHECK(half < 1.07 * static_cast<double>(ns));
  }
}

TEST_CASE("quantiles: ranks") {
  duration_histogram x;
  CHECK_FALSE(quantile_ns(x, 50));
  for (uint64_t i = 0; i < 98; ++i)
    x.observe(ms);
  x.observe(100 * ms);
  x.observe(100 * ms);
  CHECK(count_of(x) == 100);
  CHECK(quantile_ns(x, 50).value() < 2 * ms);
  CHECK(quantile_ns(x, 98).value() < 2 * ms);
  CHECK(quantile_ns(x, 99).value() > 90 * ms);
  x.observe(3600 * second);
  CHECK(quantile_ns(x, 100).value() == uint64_t{1} << 36);
  x = {};
  x.observe(0);
  CHECK(quantile_ns(x, 99).value() < 1'024);
}
