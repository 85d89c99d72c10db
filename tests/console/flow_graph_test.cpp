// SPDX-License-Identifier: Apache-2.0
#include "actors/console/flow_graph.hpp"
#include "tests/console/flow_fixture.hpp"

#include <doctest/doctest.h>

#include <numeric>

using namespace troupe;

namespace {

using kind = graph_node::kind;

std::vector<graph_edge> edges(const std::vector<container_snapshot_ptr>& snapshots,
                              const graph_names& names = {}) {
  return edges_of(match_flows(snapshots), names);
}

std::vector<uint16_t> ports_from(uint16_t first, size_t count) {
  std::vector<uint16_t> result(count);
  std::iota(result.begin(), result.end(), first);
  return result;
}

graph_node container(std::string id) {
  return {kind::container, std::move(id)};
}

} // namespace

TEST_CASE("flow graph: what one dials and another accepts is one edge, with the client's numbers") {
  const auto made = requests_of(l7_protocol::http, 9, 1);
  const auto all = edges({
      snapshot_of("/docker/shop", {{"10.0.0.3", "10.0.0.2:80", {40000, 40001}, {made}}}),
      snapshot_of("/docker/web", {}, {{"10.0.0.3", "10.0.0.2:80", {40000, 40001}, {made}}}),
  });
  REQUIRE(all.size() == 1);
  const auto& edge = all[0];
  CHECK(edge.client == container("/docker/shop"));
  CHECK(edge.server == container("/docker/web"));
  CHECK(edge.address == "10.0.0.2:80");
  CHECK(edge.seen_by_client);
  CHECK(edge.seen_by_server);
  CHECK(edge.connections == 2);
  CHECK(edge.connects == 2);
  CHECK(edge.bytes_sent == 300);
  CHECK(edge.bytes_received == 700);
  CHECK(edge.request_count() == 10);
  CHECK(edge.failed_requests() == 1);
}

TEST_CASE("flow graph: ends that are no containers are addresses, of the machine or by name") {
  const graph_names names{{"172.17.0.1"}, {{"93.184.216.34", "example.com"}}, {}};
  const auto all = edges({snapshot_of("/docker/web",
                                      {{"10.0.0.2", "93.184.216.34:443", {1}},
                                       {"10.0.0.2", "198.51.100.7:25", {2}},
                                       {"127.0.0.1", "127.0.0.1:6379", {3}}},
                                      {{"172.17.0.1", "10.0.0.2:80", {4}},
                                       {"~other", "~other", {}},
                                       {"::", "10.0.0.2:53", {}}})},
                         names);
  REQUIRE(all.size() == 6);
  CHECK(all[0].server == graph_node{kind::loopback, "127.0.0.1 in /docker/web"});
  CHECK(all[1].server == graph_node{kind::outside, "198.51.100.7"});
  CHECK(all[2].server == graph_node{kind::outside, "example.com"});
  CHECK(all[2].address == "93.184.216.34:443");
  CHECK(all[3].client == graph_node{kind::machine, "172.17.0.1"});
  CHECK(all[3].server == container("/docker/web"));
  CHECK_FALSE(all[3].seen_by_client);
  CHECK(all[4].client == graph_node{kind::other, "unknown"});
  CHECK(all[5].client == graph_node{kind::other, "~other"});
}

TEST_CASE("flow graph: the loopback address is another one in every network namespace") {
  const auto all = edges({
      snapshot_of("/docker/a", {{"127.0.0.1", "127.0.0.1:80", ports_from(40000, 5)}},
                  {{"127.0.0.1", "127.0.0.1:80", ports_from(40000, 5)}}),
      snapshot_of("/docker/b", {{"127.0.0.1", "127.0.0.1:80", ports_from(50000, 100)}},
                  {{"127.0.0.1", "127.0.0.1:80", ports_from(50000, 100)}}),
  });
  REQUIRE(all.size() == 2);
  CHECK(all[0].client == all[0].server);
  CHECK(all[0].connections == 5);
  CHECK(all[1].client == container("/docker/b"));
  CHECK(all[1].server == container("/docker/b"));
}

TEST_CASE("flow graph: clients that share an address have an edge each, and the rest one more") {
  const auto of_a = requests_of(l7_protocol::http, 3);
  const auto of_b = requests_of(l7_protocol::http, 4);
  const auto of_all = requests_of(l7_protocol::http, 12);
  std::vector<uint16_t> ports{1, 2, 3, 4, 5};
  const graph_names names{{"10.0.0.1"}, {}, {}};
  const auto all = edges(
      {
          snapshot_of("/k8s/shop/cart/a", {{"10.0.0.1", "10.0.0.1:80", {1, 2}, {of_a}}}),
          snapshot_of("/k8s/shop/cart/b", {{"10.0.0.1", "10.0.0.1:80", {3}, {of_b}}}),
          snapshot_of("/k8s/shop/web/c", {}, {{"10.0.0.1", "10.0.0.1:80", ports, {of_all}}}),
      },
      names);
  REQUIRE(all.size() == 3);
  CHECK(all[0].client == container("/k8s/shop/cart/a"));
  CHECK(all[0].request_count() == 3);
  CHECK(all[1].client == container("/k8s/shop/cart/b"));
  CHECK(all[1].request_count() == 4);
  CHECK(all[2].client == graph_node{kind::machine, "10.0.0.1"});
  CHECK(all[2].connections == 2);
  CHECK(all[2].request_count() == 5);
}

TEST_CASE("flow graph: a service's address is its servers, by the ports that reached each") {
  const auto all = edges({
      snapshot_of(
          "/k8s/shop/cart/a",
          {{"10.0.0.3", "10.96.0.10:80", {1, 2, 3, 4}, {requests_of(l7_protocol::http, 7)}}}),
      snapshot_of("/k8s/shop/web-0/c", {},
                  {{"10.0.0.3", "10.0.0.4:8080", {1, 2}, {requests_of(l7_protocol::http, 3)}}}),
      snapshot_of("/k8s/shop/web-1/c", {},
                  {{"10.0.0.3", "10.0.0.5:8080", {3, 4}, {requests_of(l7_protocol::http, 4)}}}),
  });
  REQUIRE(all.size() == 2);
  CHECK(all[0].client == container("/k8s/shop/cart/a"));
  CHECK(all[0].server == container("/k8s/shop/web-0/c"));
  CHECK(all[0].address == "10.96.0.10:80");
  CHECK(all[0].request_count() == 3);
  CHECK(all[1].server == container("/k8s/shop/web-1/c"));
  CHECK(all[1].request_count() == 4);
}

TEST_CASE("flow graph: an address that was translated is no reason to take a stranger's ports") {
  const auto all = edges({
      snapshot_of("/docker/shop",
                  {{"10.0.0.3", "198.51.100.7:443", {1}}, {"10.0.0.3", "10.0.0.2:80", {1}}}),
      snapshot_of("/docker/web", {}, {{"10.0.0.3", "10.0.0.2:80", {1}}}),
  });
  REQUIRE(all.size() == 2);
  CHECK(all[0].server == container("/docker/web"));
  CHECK(all[0].address == "10.0.0.2:80");
  CHECK(all[1].server == graph_node{kind::outside, "198.51.100.7"});
}

TEST_CASE("flow graph: who never used a connection is known by its address") {
  const auto all = edges({
      snapshot_of("/docker/shop", {{"10.0.0.3", "10.0.0.2:81", {1}}}),
      snapshot_of("/docker/web", {}, {{"10.0.0.9", "10.0.0.2:80", {1}}}),
  });
  REQUIRE(all.size() == 2);
  CHECK(all[0].server == container("/docker/web"));
  CHECK_FALSE(all[0].seen_by_server);
}

TEST_CASE("flow graph: who is idle is known by the address that its runtime gave it") {
  const auto refused = snapshot_of("/docker/shop", {{"10.0.0.3", "10.0.0.2:81", {}}});
  graph_names names{{}, {}, {{"10.0.0.2", "/docker/web"}}};
  CHECK(edges({refused}, names).at(0).server == container("/docker/web"));
  names.containers.emplace("10.0.0.2", "/docker/another"); // Of its pod.
  CHECK(edges({refused}, names).at(0).server == graph_node{kind::outside, "10.0.0.2"});
}

TEST_CASE("flow graph: nobody without a name is in it") {
  auto unnamed = *snapshot_of("/docker/shop", {{"10.0.0.3", "10.0.0.2:80", {1}}});
  unnamed.exported = false;
  CHECK(edges({std::make_shared<const container_snapshot>(unnamed)}).empty());
}

TEST_CASE("flow match: samples of ports say whether they can be of the same connections") {
  const auto sample = [](uint16_t first, size_t count) {
    return flow_of(false, {"", "", ports_from(first, count)}).client_ports;
  };
  CHECK(compare_ports(sample(1, 3), sample(1, 3)) == port_verdict::same);
  CHECK(compare_ports(sample(1, 3), sample(1, 30'000)) != port_verdict::different);
  CHECK(compare_ports(sample(1, 3), sample(4, 3)) == port_verdict::different);
  CHECK(compare_ports(sample(1, 30'000), sample(1, 30'000)) == port_verdict::same);
  CHECK(compare_ports(sample(1, 30'000), sample(30'001, 30'000)) == port_verdict::different);
  CHECK(compare_ports(sample(1, 3), {}) == port_verdict::unclear);
  CHECK(compare_ports({}, sample(1, 3)) == port_verdict::unclear);
}

TEST_CASE("flow match: an endpoint's IP") {
  CHECK(ip_of("10.0.0.1:80") == "10.0.0.1");
  CHECK(ip_of("[fd00::1]:80") == "fd00::1");
  CHECK(ip_of("~other") == "~other");
}
