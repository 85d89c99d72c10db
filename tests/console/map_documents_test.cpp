// SPDX-License-Identifier: Apache-2.0
#include "actors/console/map_documents.hpp"
#include "tests/console/flow_fixture.hpp"

#include <doctest/doctest.h>

#include <simdjson.h>

using namespace troupe;

namespace {

constexpr uint64_t second = 1'000'000'000;

flow_map a_map(const std::string& client = "/docker/shop") {
  graph_edge edge;
  edge.client = {graph_node::kind::container, client};
  edge.server = {graph_node::kind::container, "/docker/web"};
  edge.address = "10.0.0.2:80";
  edge.seen_by_client = edge.seen_by_server = true;
  edge.connections = 3;
  edge.connects = 2;
  edge.open = 1;
  edge.bytes_sent = 2048;
  edge.bytes_received = 10;
  edge.requests = {requests_of(l7_protocol::http, 19, 1), requests_of(l7_protocol::http2, 5)};
  graph_edge plain;
  plain.client = edge.server;
  plain.server = {graph_node::kind::outside, "198.51.100.7"};
  plain.address = "198.51.100.7:443";
  plain.seen_by_client = true;
  plain.failed_connects = 2;
  return {0, 10 * second, {edge, plain}};
}

} // namespace

TEST_CASE("map: a line for each edge and protocol, connections once") {
  CHECK(map_text(a_map(), std::nullopt, true)
        == "CLIENT        SERVER        ADDRESS           PROTOCOL  REQUESTS   /S  FAILED     P50"
           "     P95     P99  CONNS  OPEN  REFUSED    SENT  RECEIVED\n"
           "/docker/shop  /docker/web   10.0.0.2:80       http            20  2.0       1  1.01ms"
           "  1.04ms  1.04ms      3     1        0  2.0KiB       10B\n"
           "/docker/shop  /docker/web   10.0.0.2:80       http2            5  0.5       0  1.01ms"
           "  1.04ms  1.04ms\n"
           "/docker/web   198.51.100.7  198.51.100.7:443  tcp              -    -       -       -"
           "       -       -      0     0        2      0B        0B\n");
}

TEST_CASE("map: dot has every end once, and a label that Graphviz reads") {
  CHECK(
      map_dot(a_map())
      == "digraph troupe {\n"
         "  rankdir=LR;\n"
         "  node [fontname=\"Helvetica\"];\n"
         "  edge [fontname=\"Helvetica\", fontsize=10];\n"
         "  n0 [label=\"/docker/shop\", shape=box];\n"
         "  n1 [label=\"/docker/web\", shape=box];\n"
         "  n2 [label=\"198.51.100.7\", shape=ellipse];\n"
         "  n0 -> n1 [label=\":80\\nhttp 2.0/s, p95 1.04ms, 1 failed\\nhttp2 0.5/s, p95 1.04ms\","
         " color=red];\n"
         "  n1 -> n2 [label=\":443\\ntcp 0B sent, 0B received\\n2 connects failed\", color=red];\n"
         "}\n");
}

TEST_CASE("map: a hostile name is a label in dot, and nothing else") {
  const auto text = map_dot(a_map("/docker/x\"]; evil [label=\"\\N\n\x1b[2J\xff\\"));
  CHECK(
      text.find("label=\"/docker/x\\\"]; evil [label=\\\"\\\\N\\\\n\\\\x1b[2J\\\\xff\\\\\", shape")
      != std::string::npos);
  CHECK(text.find('\x1b') == std::string::npos);
  // Every quote is paired or behind a backslash, on every line.
  size_t begin = 0;
  while (begin < text.size()) {
    const auto end = text.find('\n', begin);
    size_t quotes = 0;
    for (auto i = begin; i < end; ++i) {
      if (text[i] == '\\')
        ++i;
      else if (text[i] == '"')
        ++quotes;
    }
    CHECK(quotes % 2 == 0);
    begin = end + 1;
  }
}

TEST_CASE("map: JSON is one object with nodes and edges") {
  const auto text = map_json(a_map("/docker/\"x\n"));
  simdjson::dom::parser parser;
  simdjson::dom::element map;
  REQUIRE(parser.parse(text).get(map) == simdjson::SUCCESS);
  CHECK(map["duration_ns"].get_uint64().value() == 10 * second);
  CHECK(map["time"].get_string().value() == "1970-01-01T00:00:00.000000000Z");
  REQUIRE(map["nodes"].get_array().value().size() == 3);
  CHECK(map["nodes"].at(0)["id"].get_string().value() == "/docker/\"x\n");
  CHECK(map["nodes"].at(0)["kind"].get_string().value() == "container");
  CHECK(map["nodes"].at(2)["kind"].get_string().value() == "outside");
  REQUIRE(map["edges"].get_array().value().size() == 2);
  const auto edge = map["edges"].at(0);
  CHECK(edge["client"].get_string().value() == "/docker/\"x\n");
  CHECK(edge["server"].get_string().value() == "/docker/web");
  CHECK(edge["connections"].get_uint64().value() == 3);
  CHECK(edge["seen_by_server"].get_bool().value());
  const auto http = edge["requests"].at(0);
  CHECK(http["protocol"].get_string().value() == "http");
  CHECK(http["requests"].get_uint64().value() == 20);
  CHECK(http["requests_per_second"].get_double().value() == 2.0);
  CHECK(http["failed"].get_uint64().value() == 1);
  const auto p50 = http["p50_ns"].get_uint64().value();
  CHECK(p50 > 940'000);
  CHECK(p50 < 1'060'000);
  CHECK(edge["requests"].at(1)["requests_per_second"].get_double().value() == 0.5);
  CHECK(map["edges"].at(1)["requests"].get_array().value().size() == 0);
}

TEST_CASE("map: nothing is a map, too") {
  const flow_map nothing{0, second, {}};
  CHECK(map_json(nothing)
        == "{\"time\":\"1970-01-01T00:00:00.000000000Z\",\"duration_ns\":1000000000,\"nodes\":[],"
           "\"edges\":[]}\n");
  CHECK(map_text(nothing, std::nullopt, false).empty());
}

TEST_CASE("map: rates") {
  CHECK(rate_text(0) == "0");
  CHECK(rate_text(0.004) == "0.1");
  CHECK(rate_text(12.34) == "12.3");
  CHECK(rate_text(1834.4) == "1834");
  CHECK(per_second(5, 0) == 0);
  CHECK(per_second(5, second / 2) == 10);
}
